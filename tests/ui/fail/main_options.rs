mod unknown {
    #[crucial::main(wait = "30s")]
    async fn main() {}
}

mod no_text {
    #[crucial::main(wait_limit = 30)]
    async fn main() {}
}

mod no_unit {
    #[crucial::main(thread_limit = "30", method_limit = "1h", lease = "1.5s")]
    async fn main() {}
}

mod twice {
    #[crucial::main(lease = "5s", lease = "6s")]
    async fn main() {}
}

fn main() {}
