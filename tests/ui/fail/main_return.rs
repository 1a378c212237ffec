struct Nothing;

#[crucial::main]
async fn main() -> Result<Nothing, String> {
    Ok(Nothing)
}
