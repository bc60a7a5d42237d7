//! Contacts as byte fixtures: every kind, every outcome, whole and byte by byte.

use proptest::prelude::*;

use super::*;

/// How a server's side of a contact goes: what it says in each turn, and how it ends.
struct Server<'a> {
    kind: Kind,
    port: u16,
    /// Spoken before it is asked.
    is_first: bool,
    says: &'a [&'a [u8]],
    end: End,
}

/// The reply, and what was said to the server in all.
fn meet(server: &Server<'_>, piece: usize) -> (Reply, Vec<Vec<u8>>) {
    let mut contact = Contact::begin(server.kind, server.port.try_into().unwrap());
    let mut sent = Vec::new();
    if !server.is_first {
        sent.extend(contact.open());
    }
    let mut settled = None;
    for words in server.says {
        for part in words.chunks(piece) {
            settled = None;
            match contact.hear(part) {
                Step::Listen => {}
                Step::Say(words) => sent.push(words),
                Step::Settle(reply) => settled = Some(reply),
                Step::Leave(reply, parting) => {
                    sent.push(parting);
                    return (reply, sent);
                }
            }
        }
    }
    let (reply, parting) = contact.end(server.end);
    sent.push(parting);
    (settled.unwrap_or(reply), sent)
}

/// The reply to what a server says, which is the same for any cut of its words.
#[track_caller]
fn reply(server: &Server<'_>) -> Reply {
    let (whole, sent) = meet(server, usize::MAX);
    for piece in [1, 2, 3, 7] {
        assert_eq!(meet(server, piece), (whole.clone(), sent.clone()), "in pieces of {piece}");
    }
    whole
}

#[track_caller]
fn asked(kind: Kind, says: &[&[u8]]) -> Reply {
    reply(&Server { kind, port: kind.default_port().map_or(1, Port::get), is_first: false, says, end: End::Quiet })
}

#[track_caller]
fn unasked(kind: Kind, says: &[&[u8]]) -> Reply {
    reply(&Server { kind, port: 1, is_first: true, says, end: End::Quiet })
}

fn speaks(product: &str, version: Option<&str>, tls: Tls, note: Option<&str>) -> Reply {
    Reply::Speaks {
        product: product.to_owned(),
        version: version.map(str::to_owned),
        tls,
        note: note.map(str::to_owned),
    }
}

fn refused(code: Code, text: &str) -> Reply {
    Reply::Refused { code, text: text.to_owned() }
}

#[track_caller]
fn is_refused(reply: &Reply, right: Code) {
    assert!(matches!(reply, Reply::Refused { code, .. } if *code == right), "{reply:?} is no {right}");
}

#[track_caller]
fn is_stranger(reply: &Reply, who: &str, right: Option<Kind>) {
    let Reply::Stranger { name, kind, .. } = reply else { panic!("{reply:?} is no stranger") };
    assert!(name.as_deref().unwrap_or("nobody").contains(who), "{reply:?} is not {who}");
    assert_eq!(*kind, right);
}

/// A packet of MySQL's.
fn my(sequence: u8, payload: &[u8]) -> Vec<u8> {
    [&[u8::try_from(payload.len()).unwrap(), 0, 0, sequence], payload].concat()
}

fn greeting(version: &str, capabilities: u16) -> Vec<u8> {
    let mut payload = vec![10];
    payload.extend_from_slice(version.as_bytes());
    payload.extend_from_slice(&[0, 9, 0, 0, 0]);
    payload.extend_from_slice(b"12345678\0");
    payload.extend_from_slice(&capabilities.to_le_bytes());
    payload.extend_from_slice(&[45, 2, 0, 8, 0, 21]);
    payload.extend_from_slice(&[0; 10]);
    payload.extend_from_slice(b"123456789012\0mysql_native_password\0");
    my(0, &payload)
}

fn my_error(sequence: u8, number: u16, text: &str) -> Vec<u8> {
    my(sequence, &[&[0xff], &number.to_le_bytes()[..], text.as_bytes()].concat())
}

/// A message of PostgreSQL's.
fn pg(letter: u8, body: &[u8]) -> Vec<u8> {
    [&[letter], &u32::try_from(body.len() + 4).unwrap().to_be_bytes()[..], body].concat()
}

fn pg_error(code: &str, text: &str, routine: &str) -> Vec<u8> {
    pg(b'E', format!("SFATAL\0VFATAL\0C{code}\0M{text}\0R{routine}\0\0").as_bytes())
}

#[test]
fn postgres_tells_tls_with_one_byte() {
    let (reply, sent) =
        meet(&Server { kind: Kind::Postgres, port: 5432, is_first: false, says: &[b"S"], end: End::Quiet }, usize::MAX);
    assert!(matches!(reply, Reply::Speaks { product, tls: Tls::Offered, .. } if product == "PostgreSQL"));
    assert_eq!(sent, [vec![0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f], vec![]]);
    assert!(matches!(asked(Kind::Redshift, &[b"S"]), Reply::Speaks { product, .. } if product == "Redshift"));
}

#[test]
fn postgres_without_tls_is_asked_as_nobody() {
    let server = Server { kind: Kind::Postgres, port: 5432, is_first: false, says: &[b"N"], end: End::Closed };
    let (reply, sent) = meet(&server, 1);
    assert_eq!(reply, speaks("PostgreSQL", None, Tls::No, None));
    assert!(sent[1].ends_with(b"user\0adit_probe\0database\0postgres\0application_name\0adit\0\0"));
    assert_eq!(usize::from(sent[1][3]), sent[1].len());

    let scram = pg(b'R', &[&10_u32.to_be_bytes()[..], b"SCRAM-SHA-256\0\0"].concat());
    let note = Some("it asks for a password (SCRAM)");
    assert_eq!(asked(Kind::Postgres, &[b"N", &scram]), speaks("PostgreSQL", None, Tls::No, note));
    for (code, text, right) in [
        ("53300", "sorry, too many clients already", Code::TooManyConnections),
        ("57P03", "the database system is starting up", Code::StartingUp),
        ("28000", "no pg_hba.conf entry for host \"10.0.1.5\", user \"adit_probe\"", Code::HostNotAllowed),
        ("28000", "keine Berechtigung", Code::HostNotAllowed),
        ("08P01", "no more connections allowed (max_client_conn)", Code::TooManyConnections),
    ] {
        let error = pg_error(code, text, "ClientAuthentication");
        assert_eq!(asked(Kind::Postgres, &[b"N", &error]), refused(right, text));
    }
    let nobody = pg_error("28000", "role \"adit_probe\" does not exist", "InitializeSessionUserId");
    let note = Some("it said: role \"adit_probe\" does not exist");
    assert_eq!(asked(Kind::Postgres, &[b"N", &nobody]), speaks("PostgreSQL", None, Tls::No, note));
}

#[test]
fn postgres_that_lets_anybody_in_is_left_again() {
    let welcome = [
        pg(b'R', &[0; 4]),
        pg(b'S', b"server_encoding\0UTF8\0"),
        pg(b'S', b"server_version\x0016.4 (Debian 16.4-1)\0"),
        pg(b'Z', b"I"),
    ]
    .concat();
    let server = Server { kind: Kind::Postgres, port: 5432, is_first: false, says: &[b"N", &welcome], end: End::Quiet };
    let (reply, sent) = meet(&server, 1);
    assert!(matches!(reply, Reply::Speaks { version: Some(version), .. } if version == "16.4"));
    assert_eq!(sent.last().unwrap(), b"X\0\0\0\x04");
}

#[test]
fn postgres_complains_before_it_is_asked() {
    let full = pg_error("08P01", "no more connections allowed (max_client_conn)", "");
    is_refused(&unasked(Kind::Postgres, &[&full]), Code::TooManyConnections);
    let old = b"Ecould not fork new process for connection: Cannot allocate memory\n\0";
    is_refused(&asked(Kind::Postgres, &[old]), Code::TooManyConnections);
}

#[test]
fn mysql_is_finished_as_nobody() {
    let hello = greeting("8.0.36", 0x0a00);
    let switch = my(2, b"\xfecaching_sha2_password\0salt");
    let denied = my_error(4, 1045, "#28000Access denied for user 'adit_probe'");
    let server =
        Server { kind: Kind::Mysql, port: 3306, is_first: true, says: &[&hello, &switch, &denied], end: End::Quiet };
    let (reply, sent) = meet(&server, 1);
    assert_eq!(reply, speaks("MySQL", Some("8.0.36"), Tls::Offered, None));
    assert_eq!(sent[0][3], 1);
    assert!(find(&sent[0], b"adit_probe\0\0"));
    assert_eq!(sent[1], [0, 0, 0, 3]);

    let maria = greeting("5.5.5-10.11.6-MariaDB-0+deb12u1", 0x0200);
    let denied = my_error(2, 1045, "#28000no");
    assert_eq!(unasked(Kind::Mysql, &[&maria, &denied]), speaks("MariaDB", Some("10.11.6"), Tls::No, None));
    let tidb = greeting("8.0.11-TiDB-v7.5.1", 0x0200);
    assert!(matches!(unasked(Kind::Mysql, &[&tidb, &denied]), Reply::Speaks { product, .. } if product == "TiDB"));
}

fn find(bytes: &[u8], what: &[u8]) -> bool {
    super::cursor::find(bytes, what).is_some()
}

#[test]
fn mysql_that_lets_nobody_in_is_left_again() {
    let (hello, fine) = (greeting("5.7.1", 0x0200), my(2, &[0, 0, 0, 2, 0, 0, 0]));
    let server = Server { kind: Kind::Mysql, port: 3306, is_first: true, says: &[&hello, &fine], end: End::Quiet };
    assert_eq!(meet(&server, 1).1.last().unwrap(), &[1, 0, 0, 0, 1]);
}

#[test]
fn mysql_refuses_by_number() {
    for (number, right) in [
        (1040, Code::TooManyConnections),
        (1129, Code::HostBlocked),
        (1130, Code::HostNotAllowed),
        (1053, Code::StartingUp),
        (1105, Code::ClosedByDatabase),
    ] {
        let error = my_error(0, number, "Host '10.0.1.5' is not welcome");
        assert_eq!(unasked(Kind::Mariadb, &[&error]), refused(right, "Host '10.0.1.5' is not welcome"));
    }
    let tls = my_error(2, 3159, "#HY000Connections using insecure transport are prohibited");
    is_refused(&unasked(Kind::Mysql, &[&greeting("8.0.36", 0x0a00), &tls]), Code::TlsRequired);
}

#[test]
fn no_greeting_is_left_unanswered() {
    // Half a greeting, and one that nothing follows.
    let hello = greeting("8.0.36", 0x0a00);
    for cut in [1, 4, 6, 40] {
        let server = Server { kind: Kind::Mysql, port: 3306, is_first: true, says: &[&hello[..cut]], end: End::Quiet };
        let (_, sent) = meet(&server, 1);
        assert!(find(sent.last().unwrap(), b"adit_probe"), "{cut}");
    }
    // A server that was not expected.
    for kind in Kind::ALL {
        let denied = my_error(2, 1045, "#28000no");
        let server = Server { kind, port: 1, is_first: true, says: &[&hello, &denied], end: End::Quiet };
        let (reply, sent) = meet(&server, 1);
        assert!(find(&sent[0], b"adit_probe"), "{kind}");
        if !matches!(kind, Kind::Mysql | Kind::Mariadb) {
            is_stranger(&reply, "MySQL 8.0.36", Some(Kind::Mysql));
        }
        let mut overhearing = Contact::overhear(kind);
        assert!(matches!(overhearing.hear(&hello), Step::Say(words) if find(&words, b"adit_probe")));
    }
    // Other servers are not taken for one.
    let server = Server { kind: Kind::Mysql, port: 1, is_first: true, says: &[b"SSH-2.0-x\r\n"], end: End::Quiet };
    assert!(meet(&server, 1).1.last().unwrap().is_empty());
}

#[test]
fn redis_answers_or_says_why_not() {
    assert_eq!(
        asked(Kind::Redis, &[b"+PONG\r\n", b"*14\r\n$6\r\nserver\r\n$5\r\nredis\r\n$7\r\nversion\r\n$6\r\n7.0.15\r\n$5\r\nproto\r\n:2\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n$4\r\nrole\r\n$6\r\nmaster\r\n$7\r\nmodules\r\n*0\r\n"]),
        speaks("Redis", Some("7.0.15"), Tls::No, None)
    );
    assert_eq!(asked(Kind::Redis, &[b"+PONG\r\n", b"-ERR unknown command\r\n"]), speaks("Redis", None, Tls::No, None));
    assert_eq!(asked(Kind::Redis, &[b"+PONG\r\n"]), speaks("Redis", None, Tls::No, None));
    assert_eq!(
        asked(Kind::Redis, &[b"-NOAUTH Authentication required.\r\n"]),
        speaks("Redis", None, Tls::No, Some("it asks for a password"))
    );
    is_refused(&asked(Kind::Redis, &[b"-LOADING Redis is loading\r\n"]), Code::StartingUp);
    is_refused(&unasked(Kind::Redis, &[b"-DENIED Redis is running in protected mode\r\n"]), Code::HostNotAllowed);
    is_refused(&unasked(Kind::Redis, &[b"-ERR max number of clients reached\r\n"]), Code::TooManyConnections);
    is_refused(&asked(Kind::Redis, &[b"\x15\x03\x03\0\x02\x02\x46"]), Code::TlsRequired);
    is_stranger(&unasked(Kind::Redis, &[b"+OK Dovecot ready.\r\n"]), "POP3", None);
}

fn bson(elements: &[u8]) -> Vec<u8> {
    let document = [&u32::try_from(elements.len() + 5).unwrap().to_le_bytes()[..], elements, &[0]].concat();
    let length = u32::try_from(document.len() + 21).unwrap();
    [&[length, 9, 1, 2013].map(u32::to_le_bytes).concat()[..], &[0; 5], &document].concat()
}

#[test]
fn mongodb_says_hello() {
    let hello = bson(
        b"\x08isWritablePrimary\0\x00\x03topologyVersion\0\x05\0\0\0\0\x02setName\0\x04\0\0\0rs0\0\x04hosts\0\x05\0\0\0\0\x09localTime\x0012345678\x10maxWireVersion\0\x15\0\0\0\x01ok\x0012345678",
    );
    let note = Some("member of the replica set rs0, not its primary");
    assert_eq!(asked(Kind::Mongodb, &[&hello]), speaks("MongoDB", Some("7.0"), Tls::Unknown, note));
    let router = bson(b"\x02msg\0\x09\0\0\0isdbgrid\0\x10maxWireVersion\0\x19\0\0\0");
    assert_eq!(
        asked(Kind::Mongodb, &[&router]),
        speaks("MongoDB", Some("8.0"), Tls::Unknown, Some("a router of shards"))
    );
    let old = bson(b"\x01ok\0\0\0\0\0\0\0\0\0\x02errmsg\0\x03\0\0\0no\0\x10code\0\x3b\0\0\0");
    assert!(matches!(asked(Kind::Mongodb, &[&old]), Reply::Speaks { note: Some(note), .. } if note.contains("4.4")));
    let opening = super::mongodb::opening();
    assert_eq!(usize::from(opening[0]), opening.len());
}

#[test]
fn sqlserver_tells_version_and_encryption() {
    let answer = |encryption: u8| {
        let mut bytes = vec![4, 1, 0, 27, 0, 0, 1, 0, 0, 0, 11, 0, 6, 1, 0, 17, 0, 1, 0xff];
        bytes.extend_from_slice(&[16, 0, 0x0f, 0xd7, 0, 0, encryption, 0]);
        bytes
    };
    for (encryption, tls) in [(0, Tls::Offered), (1, Tls::Offered), (2, Tls::No), (3, Tls::Required)] {
        assert_eq!(
            asked(Kind::Sqlserver, &[&answer(encryption)]),
            speaks("SQL Server 2022", Some("16.0.4055"), tls, None)
        );
    }
    let mut token = vec![0xaa, 30, 0];
    token.extend_from_slice(&40615_u32.to_le_bytes());
    token.extend_from_slice(&[1, 14, 2, 0, b'n', 0, b'o', 0]);
    let mut error = vec![4, 1, 0, u8::try_from(token.len() + 8).unwrap(), 0, 0, 1, 0];
    error.extend(token);
    assert_eq!(asked(Kind::Sqlserver, &[&error]), refused(Code::HostNotAllowed, "no"));
    let opening = super::sqlserver::opening();
    assert_eq!(usize::from(opening[3]), opening.len());
}

fn tns(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[0, u8::try_from(body.len() + 8).unwrap(), 0, 0, kind, 0, 0, 0], body].concat()
}

#[test]
fn oracle_answers_a_ping_with_a_refusal() {
    let refusal = |text: &str| tns(4, &[&[0x22, 0, 0, 0], text.as_bytes()].concat());
    let pong = refusal("(DESCRIPTION=(TMP=)(VSNNUM=318767104)(ERR=0)(ALIAS=LISTENER))");
    assert_eq!(asked(Kind::Oracle, &[&pong]), speaks("Oracle listener", Some("19.0.0"), Tls::No, None));
    let old = refusal("(DESCRIPTION=(TMP=)(VSNNUM=186646784)(ERR=0)(ALIAS=LISTENER))");
    assert_eq!(asked(Kind::Oracle, &[&old]), speaks("Oracle listener", Some("11.2.0.1"), Tls::No, None));
    assert_eq!(asked(Kind::Oracle, &[&tns(11, &[]), &pong]), asked(Kind::Oracle, &[&pong]));
    for (number, right) in [(12519, Code::TooManyConnections), (12528, Code::StartingUp), (12529, Code::HostNotAllowed)]
    {
        is_refused(&asked(Kind::Oracle, &[&refusal(&format!("(DESCRIPTION=(ERR={number}))"))]), right);
    }
    assert!(matches!(
        asked(Kind::Oracle, &[&refusal("(DESCRIPTION=(ERR=1189))")]),
        Reply::Speaks { note: Some(_), .. }
    ));
    let opening = super::oracle::opening();
    assert_eq!((opening.len(), opening[1], opening[25], opening[27]), (87, 87, 29, 58));
}

#[test]
fn clickhouse_names_itself_also_in_a_refusal() {
    let exception = |number: u32, text: &str| {
        let length = u8::try_from(text.len()).unwrap();
        [&[2], &number.to_le_bytes()[..], b"\x0dDB::Exception", &[length], text.as_bytes(), b"\0\0"].concat()
    };
    let denied = exception(516, "DB::Exception: adit_probe: Authentication failed (version 24.3.1.2672)");
    assert_eq!(asked(Kind::Clickhouse, &[&denied]), speaks("ClickHouse", Some("24.3.1.2672"), Tls::No, None));
    is_refused(&asked(Kind::Clickhouse, &[&exception(202, "Too many simultaneous queries")]), Code::TooManyConnections);
    is_refused(&asked(Kind::Clickhouse, &[&exception(195, "not allowed")]), Code::HostNotAllowed);
    let hello = b"\0\x0aClickHouse\x18\x03\xb2\xa9\x03\x03UTC\x02ch\x01";
    assert!(
        matches!(asked(Kind::Clickhouse, &[hello]), Reply::Speaks { version: Some(version), .. } if version == "24.3.1")
    );
    let http = Server {
        kind: Kind::Clickhouse,
        port: 8123,
        is_first: false,
        says: &[b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nOk.\n"],
        end: End::Closed,
    };
    assert_eq!(reply(&http), speaks("ClickHouse", None, Tls::No, Some("its HTTP interface")));
    assert!(meet(&http, 1).1[0].starts_with(b"GET /ping HTTP/1.1\r\n"));
    let web = b"HTTP/1.0 400 Bad Request\r\n\r\nPort 9000 is for clickhouse-client program\r\n";
    is_stranger(&asked(Kind::Elasticsearch, &[web]), "ClickHouse", Some(Kind::Clickhouse));
}

#[test]
fn cassandra_lists_its_options() {
    let options = |names: &[u8]| {
        let length = u8::try_from(names.len()).unwrap();
        [&[0x84, 0, 0, 0, 6, 0, 0, 0, length], names].concat()
    };
    let plain = options(b"\0\x01\0\x0bCQL_VERSION\0\x01\0\x053.4.6");
    assert_eq!(asked(Kind::Cassandra, &[&plain]), speaks("Cassandra", None, Tls::Unknown, Some("CQL 3.4.6")));
    let scylla = options(b"\0\x01\0\x0cSCYLLA_SHARD\0\x01\0\x010");
    assert_eq!(asked(Kind::Cassandra, &[&scylla]), speaks("ScyllaDB", None, Tls::Unknown, None));
    let error = |number: u8, text: &[u8]| {
        let body = [&[0, 0, 0x10, number, 0, u8::try_from(text.len()).unwrap()], text].concat();
        [&[0x84, 0, 0, 0, 0, 0, 0, 0, u8::try_from(body.len()).unwrap()], &body[..]].concat()
    };
    is_refused(&asked(Kind::Cassandra, &[&error(2, b"bootstrapping")]), Code::StartingUp);
    is_refused(&asked(Kind::Cassandra, &[&error(1, b"overloaded")]), Code::TooManyConnections);
}

#[test]
fn elasticsearch_shows_its_front_page_or_its_door() {
    let page = |head: &str, body: &str| {
        format!("HTTP/1.1 200 OK\r\n{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
    };
    let elastic = page("X-elastic-product: Elasticsearch\r\n", "{\"version\" : {\"number\" : \"8.11.1\"}}");
    assert_eq!(asked(Kind::Elasticsearch, &[&elastic]), speaks("Elasticsearch", Some("8.11.1"), Tls::No, None));
    let open = page("", "{\"version\":{\"distribution\":\"opensearch\",\"number\":\"2.11.0\"}}");
    assert_eq!(asked(Kind::Elasticsearch, &[&open]), speaks("OpenSearch", Some("2.11.0"), Tls::No, None));
    let old = page("", "{\"version\":{\"number\":\"6.8.0\"},\"tagline\":\"You Know, for Search\"}");
    assert_eq!(asked(Kind::Elasticsearch, &[&old]), speaks("Elasticsearch", Some("6.8.0"), Tls::No, None));
    let closed = b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"security\"\r\n\r\n";
    assert_eq!(
        asked(Kind::Elasticsearch, &[closed]),
        speaks("Elasticsearch", None, Tls::No, Some("it asks for a login"))
    );
    let early = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 36\r\n\r\nOpenSearch Security not initialized.";
    is_refused(&asked(Kind::Elasticsearch, &[early]), Code::StartingUp);
    let tls = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
    is_refused(&asked(Kind::Elasticsearch, &[tls]), Code::TlsRequired);
    is_stranger(&asked(Kind::Elasticsearch, &[&page("Server: nginx\r\n", "<html>hi</html>")]), "web server", None);
    is_stranger(&asked(Kind::Elasticsearch, &[b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n"]), "web server", None);
}

#[test]
fn strangers_are_named_on_every_tunnel() {
    let postgres = pg_error("28000", "no", "");
    let tls: &[u8] = b"\x16\x03\x03\0\x05hello";
    let cases: &[(&[u8], &str, Option<Kind>)] = &[
        (b"SSH-2.0-OpenSSH_9.2\r\n", "SSH", None),
        (b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n", "web server", None),
        (b"220 mail.example.com ESMTP\r\n", "mail", None),
        (b"RFB 003.008\n", "VNC", None),
        (b"AMQP\0\0\x09\x01", "AMQP", None),
        (b"\x05\0\0\0\x0b\x08\x05\x1a\0", "X protocol", None),
    ];
    for kind in Kind::ALL {
        for (said, who, right) in cases {
            if kind == Kind::Elasticsearch && said.starts_with(b"HTTP") {
                continue;
            }
            is_stranger(&unasked(kind, &[said]), who, *right);
        }
        is_refused(&unasked(kind, &[tls]), Code::TlsRequired);
        if !matches!(kind, Kind::Postgres | Kind::Redshift) {
            is_stranger(&unasked(kind, &[&postgres]), "PostgreSQL", Some(Kind::Postgres));
        }
        if kind != Kind::Redis {
            is_stranger(&unasked(kind, &[b"-ERR unknown command\r\n"]), "Redis", Some(Kind::Redis));
        }
    }
    // The byte that means TLS to one protocol begins the name of another.
    is_stranger(
        &reply(&Server {
            kind: Kind::Postgres,
            port: 5432,
            is_first: false,
            says: &[b"SSH-2.0-slow\r\n"],
            end: End::Quiet,
        }),
        "SSH",
        None,
    );
}

#[test]
fn silence_and_closing_are_told_apart() {
    for kind in Kind::ALL {
        let quiet = asked(kind, &[]);
        assert_eq!(quiet, Reply::Silent { said: String::new() });
        let server = Server { kind, port: 1, is_first: true, says: &[], end: End::Closed };
        assert_eq!(reply(&server), Reply::Closed { asked: false, said: String::new() });
        let server = Server { is_first: false, ..server };
        let (reply, sent) = meet(&server, 1);
        assert_eq!(reply, Reply::Closed { asked: sent.len() > 1, said: String::new() });
    }
    assert_eq!(asked(Kind::Redis, &[b"+PO"]), Reply::Silent { said: "+PO".to_owned() });
}

#[test]
fn nobody_is_shown_harmless() {
    let said = unasked(Kind::Postgres, &[b"\x1b]52;c;QUJD\x07 caf\xe9 \xe2\x80\xae\x9b2J"]);
    let Reply::Stranger { name: None, kind: None, said } = said else { panic!("{said:?}") };
    assert!(said.starts_with("\\u{1b}]52;c;QUJD\\u{7} caf\u{fffd} \\u{202e}"), "{said}");
    // Escapes in what a known server says about itself.
    let hello = greeting("8.0.1\x1b[2J\u{9b}", 0x0200);
    let denied = my_error(2, 1045, "#28000no");
    assert_eq!(unasked(Kind::Mysql, &[&hello, &denied]), speaks("MySQL", Some("8.0.1"), Tls::No, None));
    let blocked = my_error(0, 1129, "Host \x1b]0;x\x07 is blocked");
    assert_eq!(unasked(Kind::Mysql, &[&blocked]), refused(Code::HostBlocked, "Host \\u{1b}]0;x\\u{7} is blocked"));
}

#[test]
fn a_flood_ends_at_its_limit() {
    for kind in Kind::ALL {
        for byte in [b'A', b'H', 0, 0xff, b'-', b'E', 2, 4, 0x84] {
            let mut contact = Contact::begin(kind, 1.try_into().unwrap());
            contact.open();
            let mut fed = 0;
            let reply = loop {
                fed += 1;
                assert!(fed <= 9, "{kind} {byte}");
                match contact.hear(&[byte; 1024]) {
                    Step::Leave(reply, _) => break reply,
                    Step::Listen | Step::Settle(_) => {}
                    Step::Say(_) => panic!("{kind} answers {byte}"),
                }
            };
            assert!(!matches!(reply, Reply::Closed { .. } | Reply::Silent { .. }), "{kind} {byte}: {reply:?}");
        }
    }
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let starts = prop::sample::select(vec![
        &b""[..],
        b"N",
        b"E\0\0\0\x30S",
        b"+PONG\r\n",
        b"-ERR ",
        b"*2\r\n$6\r\nserver\r\n$",
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"\x84\0\0\0\x06\0\0\0\x20",
        b"\0\x20\0\0\x04\0\0\0",
        b"\x04\x01\0\x20\0\0\x01\0",
        b"\x30\0\0\0\x0a8.0\0",
        b"\x40\0\0\0\x01\0\0\0\x01\0\0\0\xdd\x07\0\0\0\0\0\0\0\x2b\0\0\0",
        b"\x02\x04\0\0\0\x0dDB::",
        b"\0\x0aClickHouse",
    ]);
    (starts, prop::collection::vec(any::<u8>(), 0..200)).prop_map(|(start, rest)| [start, &rest[..]].concat())
}

proptest! {
    #[test]
    fn no_words_are_too_strange(
        kind in prop::sample::select(Kind::ALL.to_vec()),
        turns in prop::collection::vec(bytes(), 1..4),
        is_first: bool,
        piece in 1_usize..50,
        closes: bool,
    ) {
        let end = if closes { End::Closed } else { End::Quiet };
        let says: Vec<&[u8]> = turns.iter().map(Vec::as_slice).collect();
        let (reply, sent) = meet(&Server { kind, port: 1, is_first, says: &says, end }, piece);
        let shown = serde_json::to_string(&reply).unwrap();
        prop_assert!(!shown.chars().any(char::is_control));
        prop_assert!(sent.iter().map(Vec::len).sum::<usize>() < 1000);
        let database = crate::model::Database { kind, host: "db".parse().unwrap(), port: 1.try_into().unwrap() };
        let _ = reply.fault(&database, None);
    }
}
