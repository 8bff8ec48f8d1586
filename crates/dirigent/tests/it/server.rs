//! A server on loopback that gives the answers it was told to, one for each connection.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
    thread::spawn,
};

/// What a connection is answered.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// These bytes, after the whole request was read.
    Bytes(String),
    /// Nothing, until the client goes.
    Silence,
    /// The beginning of an answer, then nothing until the client goes.
    Half,
    /// An answer without end.
    Endless,
    /// The connection is closed after the whole request was read.
    Close,
}

impl Reply {
    /// An answer of `status` with `headers`, each a line, and `body`.
    pub(crate) fn of(status: u16, headers: &[&str], body: &str) -> Self {
        let mut text = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n", body.len());
        headers.iter().for_each(|line| text.push_str(&format!("{line}\r\n")));
        Self::Bytes(format!("{text}\r\n{body}"))
    }

    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::of(status, &["content-type: application/json"], body)
    }
}

/// What a client sent.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// `POST /path HTTP/1.1`
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A server; it listens as long as it has replies left.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) port: u16,
    /// Each request as it was read.
    pub(crate) asked: Receiver<Asked>,
    /// A word whenever a client has gone that was kept waiting.
    pub(crate) gone: Receiver<()>,
}

impl Server {
    pub(crate) fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (hear, asked) = channel();
        let (leave, gone) = channel();
        spawn(move || {
            for reply in replies {
                let Ok((stream, _)) = listener.accept() else { return };
                let Some(request) = read(&stream) else { continue };
                let _ = hear.send(request);
                if answer(stream, &reply) {
                    let _ = leave.send(());
                }
            }
        });
        Self { port, asked, gone }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut next = || {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        Some(line.trim_end().to_owned()).filter(|line| !line.is_empty())
    };
    let line = next()?;
    let mut headers = Vec::new();
    while let Some(header) = next() {
        let (name, value) = header.split_once(':')?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(Some(0), |(_, value)| value.parse().ok())?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Asked { line, headers, body: String::from_utf8(body).ok()? })
}

/// Answers; whether the client was kept waiting until it went.
fn answer(mut stream: TcpStream, reply: &Reply) -> bool {
    let start = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\nhalf";
    match reply {
        Reply::Bytes(text) => {
            let _ = stream.write_all(text.as_bytes());
            return false;
        }
        Reply::Close => return false,
        Reply::Silence => {}
        Reply::Half => {
            let _ = stream.write_all(start);
        }
        Reply::Endless => {
            let _ = stream.write_all(start);
            while stream.write_all(&[b'x'; 4096]).is_ok() {}
        }
    }
    let mut rest = [0; 64];
    while matches!(stream.read(&mut rest), Ok(bytes) if bytes > 0) {}
    true
}
