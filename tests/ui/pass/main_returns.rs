mod exit_code {
    #[crucial::main]
    pub(crate) async fn main() -> std::process::ExitCode {
        std::process::ExitCode::SUCCESS
    }
}

mod result_of_exit_code {
    #[crucial::main]
    pub(crate) async fn main() -> Result<std::process::ExitCode, String> {
        Err("told on standard error".to_owned())
    }
}

#[crucial::main]
async fn main() {}
