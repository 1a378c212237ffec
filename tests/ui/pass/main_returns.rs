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

#[derive(serde::Serialize, serde::Deserialize)]
struct Odd(u32);

impl std::fmt::Display for Odd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is odd", self.0)
    }
}

mod result_of_a_join {
    #[crucial::cloud_thread]
    async fn half(n: u32) -> Result<u32, super::Odd> {
        if n % 2 == 0 { Ok(n / 2) } else { Err(super::Odd(n)) }
    }

    #[crucial::main]
    pub(crate) async fn main() -> Result<(), crucial::JoinError<super::Odd>> {
        half::spawn(3).await.map(drop)
    }
}

#[crucial::main]
async fn main() {}
