//! What the conditions are made of: a home with a bastion and a tunnel, and servers that say one thing. It expects nothing.

use std::any::Any;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use adit::model::Endpoint;
use adit::sandbox::{Bastion, Login, Switches, Target as Found};

use crate::support::output::tool;
use crate::support::target::Target;
use crate::support::{Adit, Output, Sshd};

/// One way to be broken, or whole.
pub(super) struct Condition {
    pub(super) name: &'static str,
    /// The rung at the top of the report; `-` where all is well.
    pub(super) rung: &'static str,
    /// The codes that name the cause.
    pub(super) codes: &'static [&'static str],
    /// Something must time out before it can be told.
    pub(super) slow: bool,
    pub(super) make: Box<dyn Fn() -> Scene + Send>,
}

/// A condition that is told at once.
pub(super) fn condition(
    name: &'static str,
    rung: &'static str,
    code: &'static [&'static str],
    make: impl Fn() -> Scene + Send + 'static,
) -> Condition {
    Condition { name, rung, codes: code, slow: false, make: Box::new(make) }
}

/// A condition that takes a deadline to tell.
pub(super) fn slow(
    name: &'static str,
    rung: &'static str,
    code: &'static [&'static str],
    make: impl Fn() -> Scene + Send + 'static,
) -> Condition {
    Condition { slow: true, ..condition(name, rung, code, make) }
}

/// A home with the tunnel `t`, and what must live as long.
pub(super) struct Scene {
    pub(super) adit: Adit,
    words: Vec<String>,
    environment: Vec<(&'static str, String)>,
    keep: Vec<Box<dyn Any>>,
}

impl Scene {
    pub(super) fn new(adit: Adit) -> Self {
        Self {
            adit,
            words: vec!["diagnose".into(), "t".into(), "--json".into()],
            environment: Vec::new(),
            keep: Vec::new(),
        }
    }

    /// A real sshd with these lines in its configuration that lets the key in with these options, and a tunnel to a plain
    /// service that accepts and waits.
    pub(super) fn real(extra: &str, options: &str) -> Self {
        Self::real_to(extra, options, "tcp", Target::start().port)
    }

    /// As `real`, to a database of this kind on this port.
    pub(super) fn real_to(extra: &str, options: &str, kind: &str, port: u16) -> Self {
        let sshd = Sshd::with(extra);
        let adit = Adit::at(&sshd, options);
        adit.add_tunnel("t", kind, port);
        Self::new(adit).keeping(sshd)
    }

    /// A bastion on this port that the configuration knows and that is no sshd of ours.
    pub(super) fn at_port(port: u16) -> Self {
        let adit = Adit::new();
        adit.ok(&["key", "new", "prod"]);
        adit.ok(&["bastion", "add", "prod", "--host", "127.0.0.1", "--port", &port.to_string(), "--user", "adit"]);
        adit.add_tunnel("t", "tcp", 5432);
        Self::new(adit)
    }

    /// A server that does this with each of its clients.
    pub(super) fn scripted(act: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> Self {
        Self::at_port(serve(act))
    }

    /// A bastion of the sandbox that treats logins so.
    pub(super) fn sandbox(login: Login) -> Self {
        Self::sandbox_with(Switches { login, ..Switches::default() }, None)
    }

    /// A bastion of the sandbox with these faults, which finds this at the database's place.
    pub(super) fn sandbox_with(switches: Switches, found: Option<Found>) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let bastion = runtime.block_on(Bastion::start("adit", switches)).unwrap();
        let scene = Self::at_port(bastion.address().port());
        bastion.authorise(&scene.adit.ok(&["key", "show", "prod"])).unwrap();
        if let Some(found) = found {
            bastion.place(&Endpoint::new("127.0.0.1".parse().unwrap(), 5432.try_into().unwrap()), found);
        }
        let known = scene.adit.path("known_hosts");
        let key = bastion.host_key();
        std::fs::write(&known, format!("[127.0.0.1]:{} {key}\n", bastion.address().port())).unwrap();
        std::fs::set_permissions(&known, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        scene.keeping(bastion).keeping(runtime)
    }

    /// An admin's login as the same user, with a key of the person's own. The sshd must be the first thing kept.
    pub(super) fn with_admin(self) -> Self {
        let ssh = self.adit.user_home().join(".ssh");
        std::fs::create_dir_all(&ssh).unwrap();
        let file = ssh.join("id_ed25519");
        tool("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", file.to_str().unwrap()]).expect(0);
        let sshd = self.keep.iter().find_map(|kept| kept.downcast_ref::<Sshd>()).expect("a real sshd");
        sshd.authorize("", &std::fs::read_to_string(file.with_extension("pub")).unwrap());
        let admin = format!("{}@127.0.0.1", sshd.user);
        self.with_words(&["--admin", &admin])
    }

    pub(super) fn keeping(mut self, what: impl Any) -> Self {
        self.keep.push(Box::new(what));
        self
    }

    pub(super) fn with_words(mut self, words: &[&str]) -> Self {
        self.words.extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    pub(super) fn with_variable(mut self, name: &'static str, value: String) -> Self {
        self.environment.push((name, value));
        self
    }

    /// Lets the test change the home.
    pub(super) fn after(self, change: impl FnOnce(&Adit)) -> Self {
        change(&self.adit);
        self
    }

    pub(super) fn diagnose(&self) -> Output {
        let words: Vec<&str> = self.words.iter().map(String::as_str).collect();
        let mut command = self.adit.command(&words);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        crate::support::output::finish(command, "")
    }
}

/// A server on a free port; it serves until the tests end.
pub(super) fn serve(act: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let act = act.clone();
            std::thread::spawn(move || act(stream));
        }
    });
    port
}

/// Says this and waits until the client leaves.
pub(super) fn says(words: &'static [u8]) -> impl Fn(TcpStream) + Send + Sync + Clone + 'static {
    move |mut stream| {
        let _gone = stream.write_all(words);
        drain(stream);
    }
}

/// Reads until the client leaves.
pub(super) fn drain(mut stream: TcpStream) {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
}

/// A port behind which connections are neither accepted nor refused: its queue is full, as behind a firewall that drops.
pub(super) struct Dropping {
    pub(super) port: u16,
    _listener: socket2::Socket,
    _queue: Vec<socket2::Socket>,
}

impl Dropping {
    pub(super) fn new() -> Self {
        let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        listener.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        // The queue of nought holds one or two, as the system counts.
        let queue: Vec<socket2::Socket> = (0..4)
            .map(|_| {
                let client = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
                client.set_nonblocking(true).unwrap();
                let _under_way = client.connect(&address);
                client
            })
            .collect();
        Self { port: address.as_socket().unwrap().port(), _listener: listener, _queue: queue }
    }
}
