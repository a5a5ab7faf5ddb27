//! Files that are not yet whole, so that an interrupted run can take them away.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

static UNFINISHED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

fn list() -> MutexGuard<'static, Vec<PathBuf>> {
    UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Marks a file or folder of a temporary name as not yet whole (未完成文件), as long as it lives.
#[derive(Debug)]
pub struct Unfinished(PathBuf);

impl Unfinished {
    /// Marks `path`.
    pub fn new(path: &Path) -> Unfinished {
        list().push(path.to_owned());
        Unfinished(path.to_owned())
    }

    /// Finishes the file by `rename`, which no interruption can come between.
    pub fn finish<T>(self, rename: impl FnOnce() -> T) -> T {
        let unfinished = list();
        let renamed = rename();
        drop(unfinished); // before `self`, which takes itself off the list
        renamed
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        list().retain(|path| *path != self.0);
    }
}

/// Removes what is not yet whole, and runs `then` before any other file can be begun or finished:
/// for the last act of an interrupted run.
pub fn remove_unfinished<T>(then: impl FnOnce() -> T) -> T {
    let unfinished = list();
    for path in unfinished.iter() {
        // gone already, or not to be removed: nobody is left to be told
        let _ = match path.is_dir() {
            true => std::fs::remove_dir_all(path),
            false => std::fs::remove_file(path),
        };
    }
    then()
}
