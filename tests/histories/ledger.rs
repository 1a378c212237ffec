//! A user's object with methods of every kind: those that change, read, wait, change once ready, fail and panic.

use std::collections::BTreeMap;
use std::task::Poll;

use serde::{Deserialize, Serialize};

/// Accounts by their names.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Ledger {
    accounts: BTreeMap<u32, i64>,
    entries: u64,
}

#[crucial::shared]
impl Ledger {
    /// Adds to an account; the number of the entry, and what there is now.
    pub fn deposit(&mut self, account: u32, amount: i64) -> (u64, i64) {
        let balance = self.accounts.entry(account).or_default();
        *balance += amount;
        self.entries += 1;
        (self.entries, *balance)
    }

    /// Takes from an account once there is enough.
    pub fn withdraw(&mut self, account: u32, amount: i64) -> Poll<i64> {
        self.entries += 1;
        let balance = self.accounts.entry(account).or_default();
        *balance -= amount;
        if *balance < 0 {
            // What it did is thrown away.
            return Poll::Pending;
        }
        Poll::Ready(*balance)
    }

    /// Moves an amount, or says what is missing.
    pub fn transfer(&mut self, from: u32, to: u32, amount: i64) -> Result<u64, i64> {
        let balance = self.accounts.get(&from).copied().unwrap_or_default();
        if balance < amount {
            return Err(amount - balance);
        }
        self.deposit(from, -amount);
        self.deposit(to, amount);
        Ok(self.entries)
    }

    /// Sets an account to an amount, perhaps twice.
    #[shared(idempotent)]
    pub fn set(&mut self, account: u32, amount: i64) {
        self.accounts.insert(account, amount);
    }

    /// What an account has.
    pub fn balance(&self, account: u32) -> i64 {
        self.accounts.get(&account).copied().unwrap_or_default()
    }

    /// What an account has, once that is so much.
    pub fn reached(&self, account: u32, amount: i64) -> Poll<i64> {
        match self.balance(account) {
            balance if balance < amount => Poll::Pending,
            balance => Poll::Ready(balance),
        }
    }

    /// Fails half-way.
    pub fn embezzle(&mut self, account: u32) -> i64 {
        self.accounts.insert(account, i64::MIN);
        assert!(self.accounts.is_empty(), "the auditor came");
        0
    }
}
