//! What lists do anywhere: elements are replaced, inserted and removed by index or by value.

use std::borrow::Borrow;

use serde::Serialize;

use super::{List, machine};
use crate::call::Call;
use crate::error::Result;
use crate::object::Value;
use crate::objects::argument;
use crate::objects::atomic::Retries;
use crate::thread::Portable;

impl<T: Portable> List<T> {
    /// Replaces the element at an index and gives the one before; `None`, and nothing is done,
    /// beyond the end.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let scores = crucial::List::create("scores", vec![10, 20]).await?;
    /// assert_eq!(scores.set(1, 25).await?, Some(20));
    /// assert_eq!(scores.set(2, 30).await?, None); // it does not grow
    /// assert_eq!(scores.to_vec().await?, [10, 25]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn set(&self, index: usize, element: T) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move {
            let arguments = vec![
                argument::count(index),
                self.handle.encode("an element", &element)?,
            ];
            let reply = self.handle.call(&machine::SET, arguments).await?;
            self.handle.element(&reply)
        })
    }

    /// Replaces the element at an index if it is `current`: `Ok` with it, or `Err` with what is there instead,
    /// `None` beyond the end.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let seats = crucial::List::create("seats", vec!['-', '-']).await?;
    /// assert_eq!(seats.compare_exchange(0, '-', 'a').await?, Ok('-'));
    /// assert_eq!(seats.compare_exchange(0, '-', 'b').await?, Err(Some('a')));
    /// assert_eq!(seats.compare_exchange(2, '-', 'b').await?, Err(None));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn compare_exchange(
        &self,
        index: usize,
        current: T,
        new: T,
    ) -> Call<impl Future<Output = Result<Result<T, Option<T>>>>> {
        Call::new(async move {
            let arguments = vec![
                argument::count(index),
                self.handle.encode_exact::<T, T>("an element", &current)?,
                self.handle.encode("an element", &new)?,
            ];
            let reply = self
                .handle
                .call(&machine::COMPARE_EXCHANGE, arguments)
                .await?;
            match &reply {
                Value::Nil => Ok(Ok(current)),
                Value::List(actual) if actual.len() == 1 => {
                    self.handle.element(&actual[0]).map(Err)
                }
                other => Err(self.handle.unexpected("the element", other)),
            }
        })
    }

    /// Replaces the element at an index by what `change` makes of it, and gives the element after;
    /// `None` beyond the end.
    ///
    /// `change` runs here, and again whenever another change of the element came first. Two round
    /// trips where none did.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let numbers = crucial::List::create("numbers", vec![1, 2]).await?;
    /// assert_eq!(numbers.update(1, |n| n * 10).await?, Some(20));
    /// assert_eq!(numbers.update(2, |n| n * 10).await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancellation
    ///
    /// To drop the future does not take a change back that is on its way; until then the element is left alone.
    ///
    /// # Errors
    ///
    /// [`Error::TimedOut`](crate::Error::TimedOut) where other changes kept coming first for the
    /// runtime's [wait limit](crate::Builder::wait_limit), and those of the store.
    pub fn update(
        &self,
        index: usize,
        mut change: impl FnMut(T) -> T + Send,
    ) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move {
            let mut retries = Retries::new(self.handle.key().clone(), "update")?;
            let index = argument::count(index);
            let mut stored = self.handle.call(&machine::GET, vec![index.clone()]).await?;
            loop {
                let current = match stored {
                    Value::Bytes(current) => current,
                    Value::Nil => return Ok(None),
                    other => return Err(self.handle.unexpected("the element", &other)),
                };
                let element = change(self.handle.decode("an element", &current)?);
                let new = self.handle.encode("an element", &element)?;
                let arguments = vec![index.clone(), current, new];
                stored = match self
                    .handle
                    .call(&machine::COMPARE_EXCHANGE, arguments)
                    .await?
                {
                    Value::Nil => return Ok(Some(element)),
                    Value::List(mut actual) if actual.len() == 1 => actual.swap_remove(0),
                    other => other,
                };
                retries.pause().await?;
            }
        })
    }

    /// Exchanges two elements; `false`, and nothing is done, where one is beyond the end.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let order = crucial::List::create("order", vec!['a', 'b', 'c']).await?;
    /// assert!(order.swap(0, 2).await?);
    /// assert!(!order.swap(0, 3).await?);
    /// assert_eq!(order.to_vec().await?, ['c', 'b', 'a']);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn swap(&self, a: usize, b: usize) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move {
            let arguments = vec![argument::count(a), argument::count(b)];
            let reply = self.handle.call(&machine::SWAP, arguments).await?;
            self.handle.flag(&reply)
        })
    }

    /// Inserts an element at an index, before the one that is there; `false`, and nothing is done,
    /// beyond the end. Linear time.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let steps = crucial::List::create("steps", vec![1, 3]).await?;
    /// assert!(steps.insert(1, 2).await?);
    /// assert!(steps.insert(3, 4).await?); // the length is an index, that of the end
    /// assert!(!steps.insert(5, 6).await?);
    /// assert_eq!(steps.to_vec().await?, [1, 2, 3, 4]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn insert(&self, index: usize, element: T) -> Call<impl Future<Output = Result<bool>>> {
        Call::new(async move {
            let arguments = vec![
                argument::count(index),
                self.handle.encode("an element", &element)?,
            ];
            let reply = self.handle.call(&machine::INSERT, arguments).await?;
            self.handle.flag(&reply)
        })
    }

    /// Removes the element at an index and gives it; `None` beyond the end. Linear time.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let steps = crucial::List::create("steps", vec!['a', 'b', 'c']).await?;
    /// assert_eq!(steps.remove(1).await?, Some('b'));
    /// assert_eq!(steps.remove(1).await?, Some('c')); // what came after has moved up
    /// assert_eq!(steps.remove(1).await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn remove(&self, index: usize) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move {
            let arguments = vec![argument::count(index)];
            let reply = self.handle.call(&machine::REMOVE, arguments).await?;
            self.handle.element(&reply)
        })
    }

    /// Removes the first element that is this one; `false` where there is none. Linear time.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let line = crucial::List::create("line", ["ann", "bob", "ann"].map(str::to_owned).into()).await?;
    /// assert!(line.remove_first("ann").await?);
    /// assert_eq!(line.to_vec().await?, ["bob", "ann"]);
    /// assert!(!line.remove_first("eve").await?);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn remove_first<Q>(&self, element: &Q) -> Call<impl Future<Output = Result<bool>>>
    where
        T: Borrow<Q>,
        Q: Serialize + Sync + ?Sized,
    {
        Call::new(async move {
            let arguments = vec![self.handle.encode_exact::<T, Q>("an element", element)?];
            let reply = self.handle.call(&machine::REMOVE_FIRST, arguments).await?;
            self.handle.flag(&reply)
        })
    }

    /// Removes all elements that are one of these, and gives how many that were. Linear time for each of them.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let numbers = crucial::List::create("numbers", vec![1, 2, 1, 3]).await?;
    /// assert_eq!(numbers.remove_many(&[1, 3]).await?, 3);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn remove_many<'a, Q>(
        &self,
        elements: impl IntoIterator<Item = &'a Q> + Send,
    ) -> Call<impl Future<Output = Result<usize>>>
    where
        T: Borrow<Q>,
        Q: Serialize + ?Sized + 'a,
    {
        Call::new(async move {
            let elements = self
                .handle
                .encode_all_exact::<T, &Q>("an element", elements)?;
            let reply = self.handle.call(&machine::REMOVE_ALL, elements).await?;
            self.handle.number(&reply)
        })
    }
}
