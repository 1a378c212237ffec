mod not_main {
    #[crucial::main]
    async fn start() {}
}

mod arguments {
    #[crucial::main]
    fn main(args: Vec<String>) {}
}

#[crucial::main(flavor = "current_thread")]
async fn main() {}
