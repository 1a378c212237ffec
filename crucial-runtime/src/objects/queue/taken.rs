//! Elements on their way to a consumer, which go back if they do not reach it.

use bytes::Bytes;

use super::Queue;
use super::delivery::Delivery;
use super::machine::{self, QueueState};
use crate::error::{Error, Result};
use crate::object::{Errand, Handle, Value};
use crate::objects::argument;
use crate::thread::Portable;

/// What a call has taken. Dropped before somebody has it, it goes back to where it stood.
pub(super) struct Taken {
    queue: Handle<QueueState>,
    errand: Errand,
    /// Whether it is on lease.
    leased: bool,
    elements: Vec<Element>,
}

struct Element {
    id: u64,
    deliveries: u64,
    bytes: Bytes,
}

impl Taken {
    pub(super) fn nothing(queue: &Handle<QueueState>, errand: Errand) -> Self {
        Self {
            queue: queue.clone(),
            errand,
            leased: false,
            elements: Vec::new(),
        }
    }

    /// What a call answered: a code, the called, and three values an element.
    pub(super) fn read(
        queue: &Handle<QueueState>,
        errand: Errand,
        leased: bool,
        reply: &Value,
    ) -> Result<Self> {
        let parts = queue.list(reply)?.get(2..).unwrap_or_default();
        let (parts, rest) = parts.as_chunks();
        if !rest.is_empty() {
            return Err(queue.unexpected("the elements", reply));
        }
        let elements = parts.iter().map(|[id, deliveries, bytes]| match bytes {
            Value::Bytes(bytes) => Ok(Element {
                id: queue.number(id)?,
                deliveries: queue.number(deliveries)?,
                bytes: bytes.clone(),
            }),
            _ => Err(queue.unexpected("an element", bytes)),
        });
        Ok(Self {
            queue: queue.clone(),
            errand,
            leased,
            elements: elements.collect::<Result<_>>()?,
        })
    }

    /// The elements, which are the caller's now.
    pub(super) fn elements<T: Portable>(mut self) -> Result<Vec<T>> {
        let elements = self.decoded()?;
        self.elements.clear();
        Ok(elements)
    }

    /// The elements, which are the caller's for a time.
    pub(super) fn deliveries<T: Portable>(mut self, queue: &Queue<T>) -> Result<Vec<Delivery<T>>> {
        let elements = self.decoded()?;
        let taken = std::mem::take(&mut self.elements);
        let deliveries = taken.iter().zip(elements).map(|(taken, element)| {
            Delivery::new(
                queue.clone(),
                self.errand.clone(),
                (taken.id, taken.deliveries),
                element,
            )
        });
        Ok(deliveries.collect())
    }

    fn decoded<T: Portable>(&self) -> Result<Vec<T>> {
        self.elements
            .iter()
            .map(|element| self.queue.decode("an element", &element.bytes))
            .collect()
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if self.elements.is_empty() {
            return;
        }
        let elements = std::mem::take(&mut self.elements);
        let mut arguments = Vec::new();
        for Element {
            id,
            deliveries,
            bytes,
        } in elements
        {
            arguments.extend([argument::number(id), argument::number(deliveries)]);
            if !self.leased {
                arguments.push(bytes);
            }
        }
        let (queue, leased) = (self.queue.clone(), self.leased);
        self.errand.spawn(async move {
            let given_back = if leased {
                arguments.push(argument::now());
                queue.call(&machine::RELEASE, arguments).await
            } else {
                queue.call(&machine::GIVE_BACK, arguments).await
            };
            match given_back {
                Ok(_) | Err(Error::NotFound { .. }) => {}
                Err(error) => {
                    tracing::warn!(%error, queue = %queue.key(), "what nobody took could not be given back");
                }
            }
        });
    }
}
