//! Work in as many threads as there are processors.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Does each job. What they say is in no order.
pub(super) fn in_threads<J: Sync, S: Send>(jobs: &[J], each: impl Fn(&J) -> Option<S> + Sync) -> Vec<S> {
    const AT_ONCE: usize = 16;
    let next = AtomicUsize::new(0);
    let work = || {
        let mut said = Vec::new();
        loop {
            let from = next.fetch_add(AT_ONCE, Ordering::Relaxed);
            let Some(some) = jobs.get(from..jobs.len().min(from + AT_ONCE)).filter(|some| !some.is_empty())
            else {
                return said;
            };
            said.extend(some.iter().filter_map(&each));
        }
    };
    let threads = thread::available_parallelism().map_or(1, usize::from).min(jobs.len() / AT_ONCE + 1);
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        all.extend(others.into_iter().filter_map(|other| other.join().ok()).flatten());
        all
    })
}
