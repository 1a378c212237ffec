//! What lists do at their ends: elements come and go there in constant time.

use super::{List, machine};
use crate::call::Call;
use crate::error::Result;
use crate::objects::argument;
use crate::thread::Portable;

impl<T: Portable> List<T> {
    /// Adds an element at the back, and gives the new length.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let log = crucial::List::create("log", Vec::new()).await?;
    /// assert_eq!(log.push_back("begin".to_owned()).await?, 1);
    /// assert_eq!(log.push_back("end".to_owned()).await?, 2);
    /// assert_eq!(log.last().await?.as_deref(), Some("end"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn push_back(&self, element: T) -> Call<impl Future<Output = Result<usize>>> {
        Call::new(async move { self.extend([element]).await })
    }

    /// Adds an element at the front, and gives the new length.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let undo = crucial::List::create("undo", vec!['a']).await?;
    /// assert_eq!(undo.push_front('b').await?, 2);
    /// assert_eq!(undo.pop_front().await?, Some('b')); // the last to come is the first to go
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn push_front(&self, element: T) -> Call<impl Future<Output = Result<usize>>> {
        Call::new(async move { self.prepend([element]).await })
    }

    /// Adds many elements at the back, side by side, and gives the new length.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let log = crucial::List::create("log", vec![1]).await?;
    /// assert_eq!(log.extend([2, 3]).await?, 3);
    /// assert_eq!(log.extend([]).await?, 3);
    /// log.destroy().await?;
    /// assert!(matches!(log.extend([4]).await, Err(crucial::Error::NotFound { .. })));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn extend(
        &self,
        new: impl IntoIterator<Item = T> + Send,
    ) -> Call<impl Future<Output = Result<usize>>> {
        Call::new(async move {
            let elements = self.handle.encode_all("an element", new)?;
            let reply = self.handle.call(&machine::PUSH_BACK, elements).await?;
            self.handle.number(&reply)
        })
    }

    /// Adds many elements at the front, side by side and in their order, and gives the new length.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let numbers = crucial::List::create("numbers", vec![3]).await?;
    /// assert_eq!(numbers.prepend([1, 2]).await?, 3);
    /// assert_eq!(numbers.to_vec().await?, [1, 2, 3]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn prepend(
        &self,
        new: impl IntoIterator<Item = T> + Send,
    ) -> Call<impl Future<Output = Result<usize>>> {
        Call::new(async move {
            let mut elements = self.handle.encode_all("an element", new)?;
            elements.reverse();
            let reply = self.handle.call(&machine::PUSH_FRONT, elements).await?;
            self.handle.number(&reply)
        })
    }

    /// Removes the last element and gives it.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let stack = crucial::List::create("stack", vec![1, 2]).await?;
    /// assert_eq!(stack.pop_back().await?, Some(2));
    /// assert_eq!(stack.pop_back().await?, Some(1));
    /// assert_eq!(stack.pop_back().await?, None);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn pop_back(&self) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move { Ok(self.pop_back_many(1).await?.pop()) })
    }

    /// Removes the first element and gives it.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let work = crucial::List::create("work", vec!["wash".to_owned(), "dry".to_owned()]).await?;
    /// let mut done = Vec::new();
    /// while let Some(job) = work.pop_front().await? {
    ///     done.push(job); // each job is given to one thread only
    /// }
    /// assert_eq!(done, ["wash", "dry"]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn pop_front(&self) -> Call<impl Future<Output = Result<Option<T>>>> {
        Call::new(async move { Ok(self.pop_front_many(1).await?.pop()) })
    }

    /// Removes the last elements, at most so many, and gives them, the last one first.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let stack = crucial::List::create("stack", vec![1, 2, 3]).await?;
    /// assert_eq!(stack.pop_back_many(2).await?, [3, 2]);
    /// assert_eq!(stack.pop_back_many(2).await?, [1]);
    /// assert!(stack.pop_back_many(2).await?.is_empty());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn pop_back_many(&self, count: usize) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move {
            let arguments = vec![argument::count(count)];
            let reply = self.handle.call(&machine::POP_BACK, arguments).await?;
            self.handle.elements(&reply)
        })
    }

    /// Removes the first elements, at most so many, and gives them in their order.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let work = crucial::List::create("work", (0..5).collect()).await?;
    /// assert_eq!(work.pop_front_many(3).await?, [0, 1, 2]);
    /// assert_eq!(work.pop_front_many(3).await?, [3, 4]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn pop_front_many(&self, count: usize) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move {
            let arguments = vec![argument::count(count)];
            let reply = self.handle.call(&machine::POP_FRONT, arguments).await?;
            self.handle.elements(&reply)
        })
    }

    /// Keeps the first elements, at most so many, and removes the others.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let best = crucial::List::create("best", vec![9, 7, 4, 1]).await?;
    /// best.truncate(2).await?;
    /// best.truncate(10).await?; // there are fewer: nothing to do
    /// assert_eq!(best.to_vec().await?, [9, 7]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn truncate(&self, len: usize) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            let arguments = vec![argument::count(len)];
            self.handle
                .call(&machine::TRUNCATE, arguments)
                .await
                .map(drop)
        })
    }

    /// Keeps the last elements, at most so many, and removes the others: a log that does not grow for ever.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> crucial::Result<()> {
    /// # let runtime = crucial::Runtime::builder().build().await?;
    /// # let _entered = runtime.enter();
    /// let log = crucial::List::create("log", (1..=9).collect()).await?;
    /// log.keep_last(3).await?;
    /// assert_eq!(log.to_vec().await?, [7, 8, 9]);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn keep_last(&self, len: usize) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move {
            let arguments = vec![argument::count(len)];
            self.handle
                .call(&machine::KEEP_LAST, arguments)
                .await
                .map(drop)
        })
    }

    /// Removes all elements.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let log = crucial::List::create("log", vec![1, 2]).await?;
    /// log.clear().await?;
    /// assert_eq!(log.push_back(3).await?, 1); // the list itself is still there
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn clear(&self) -> Call<impl Future<Output = Result<()>>> {
        Call::new(async move { self.truncate(0).await })
    }

    /// Removes all elements and gives them: none is lost to a change in between. Two round
    /// trips where that is more than 64 KB.
    ///
    /// ```
    /// # #[crucial::main] async fn main() -> crucial::Result<()> {
    /// let letters = crucial::List::create("letters", vec!['a', 'b']).await?;
    /// assert_eq!(letters.drain().await?, ['a', 'b']);
    /// assert!(letters.drain().await?.is_empty());
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub fn drain(&self) -> Call<impl Future<Output = Result<Vec<T>>>> {
        Call::new(async move {
            let reply = self.handle.call(&machine::DRAIN, Vec::new()).await?;
            self.handle.elements(&reply)
        })
    }
}
