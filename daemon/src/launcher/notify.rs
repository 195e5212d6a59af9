//! Where the daemon tells its launcher that it is well: systemd's protocol, as the launcher speaks
//! it to whoever started it.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tokio::net::UnixDatagram;

use crate::config::paths::FILE_MODE;
use crate::control;
use crate::notify::WATCHDOG;

/// The longest datagram that is read; of a longer one, its beginning.
const WORDS_BYTES_MAX: usize = 4096;

/// The listening end.
#[derive(Debug)]
pub(super) struct Listener {
    socket: UnixDatagram,
}

impl Listener {
    /// Makes the socket, private to the owner, in the place of one that a predecessor left.
    ///
    /// # Errors
    /// When the path is too long, or the system refuses.
    pub(super) fn bind(path: &Path) -> io::Result<Self> {
        control::check_path(path).map_err(io::Error::other)?;
        control::server::remove_stale(path)?;
        let socket = UnixDatagram::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(FILE_MODE))?;
        Ok(Self { socket })
    }

    /// Waits for the daemon's next sign of life. Cancel-safe.
    pub(super) async fn beat(&self) {
        let mut words = [0; WORDS_BYTES_MAX];
        loop {
            match self.socket.recv(&mut words).await {
                Ok(bytes) if is_beat(&words[..bytes]) => return,
                Ok(_) => {}
                Err(error) => {
                    // Nothing is heard from a broken socket: the daemon then counts as hung, which
                    // a new launcher mends.
                    tracing::error!(%error, "signs of life not received");
                    return std::future::pending().await;
                }
            }
        }
    }
}

fn is_beat(words: &[u8]) -> bool {
    words.split(|&byte| byte == b'\n').any(|word| word == WATCHDOG.as_bytes())
}
