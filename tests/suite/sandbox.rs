//! The sandbox against our own client side, OpenSSH's client and the databases' own clients: every switch shows the fault that
//! it is named for.

mod lab;
mod stage;

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::time::Duration;

use adit::model::{Code, Phase, Sharing};
use adit::sandbox::{
    ACCOUNT, Bastion, Database, Door, Flap, Forwarding, Login, Mood, Profile, Rhythm, Speaks, Switches, Target, Traffic,
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::support::mariadb::mysql;
use crate::support::output::{finish, tool};
use crate::support::postgres::psql;
use crate::support::redis::redis_cli;
use crate::support::wait::{soon, wait_until};
use crate::support::{ports, reaper};
use lab::{Lab, blocking, endpoint};

fn door(door: Door) -> Switches {
    Switches { door, ..Switches::default() }
}

fn login(login: Login) -> Switches {
    Switches { login, ..Switches::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_switch_of_door_and_login_shows_its_fault() {
    let cases = [
        (door(Door::Shut), Code::TcpRefused),
        (door(Door::Drop), Code::ClosedBeforeBanner),
        (door(Door::crowded()), Code::RefusedForNow),
        (door(Door::TurnAway("HTTP/1.1 400 Bad Request".to_owned())), Code::NotSsh),
        (door(Door::Silent), Code::BannerTimeout),
        (door(Door::BannerOnly), Code::KexTimeout),
        (Switches { only_old_algorithms: true, ..Switches::default() }, Code::NoCommonAlgorithm),
        (Switches { frozen: true, ..Switches::default() }, Code::BannerTimeout),
        (login(Login::PasswordsOnly), Code::PublickeyDisabled),
        (login(Login::SecondFactor), Code::PersonNeeded),
        (login(Login::TooManyFailures), Code::TooManyFailures),
        (login(Login::AccountExpired), Code::AccountRefused),
        (login(Login::Drop), Code::LoginDropped),
        (login(Login::Hang), Code::LoginTimeout),
    ];
    let mut dials = JoinSet::new();
    for (switches, code) in cases {
        dials.spawn(async move {
            let lab = Lab::new();
            let bastion = Bastion::start("adit", switches.clone()).await.unwrap();
            bastion.authorise(&lab.public_key()).unwrap();
            let fault = lab.fault(&bastion).await;
            assert_eq!(fault.code, code, "{switches:?}: {fault:?}");
        });
    }
    dials.join_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_refused_until_it_is_authorised() {
    let lab = Lab::new();
    let bastion = Bastion::start("adit", Switches::default()).await.unwrap();
    assert_eq!(lab.fault(&bastion).await.code, Code::KeyRefused);
    bastion.authorise(&format!("restrict,port-forwarding {}", lab.public_key())).unwrap();
    lab.pool.forgive();
    lab.lane(&bastion).connect(&|_| {}).await.unwrap();
    let mut hop = lab.hop(&bastion);
    hop.user = "root".to_owned();
    let lane = lab.pool.lane(&adit::model::Route::direct(hop), Sharing::Auto);
    assert_eq!(lane.connect(&|_| {}).await.unwrap_err().fault.code, Code::KeyRefused);
    bastion.authorise_nobody();
    lab.pool.forgive();
    assert_eq!(lab.fault(&bastion).await.code, Code::KeyRefused);
    assert_eq!(bastion.logins(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_host_key_is_noticed_and_may_come_back() {
    let lab = Lab::new();
    let bastion = Bastion::start("adit", Switches::default()).await.unwrap();
    bastion.authorise(&lab.public_key()).unwrap();
    let (before, hop) = (bastion.host_key(), lab.hop(&bastion));
    lab.trust(&bastion);
    let shown = adit::ssh::host_keys(&hop).await.unwrap();
    assert_eq!(shown.iter().map(|key| key.to_openssh().unwrap()).collect::<Vec<_>>(), std::slice::from_ref(&before));
    assert_ne!(bastion.change_host_key().unwrap(), before);
    let lane = lab.lane_as_known(&bastion);
    assert_eq!(lane.connect(&|_| {}).await.unwrap_err().fault.code, Code::HostKeyChanged);
    bastion.restore_host_key();
    lab.lane_as_known(&bastion).connect(&|_| {}).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn forwards_are_refused_in_opensshs_words() {
    let lab = Lab::new();
    let database = Database::start(Speaks::Redis).await.unwrap();
    let cases = [
        (Forwarding::Prohibited, None, "10.0.0.1:1", Code::ForwardProhibited, "open failed"),
        (Forwarding::Unsupported, None, "10.0.0.1:1", Code::ForwardUnavailable, "nknown channel type"),
        (Forwarding::Only(BTreeSet::new()), None, "10.0.0.1:1", Code::ForwardProhibited, "open failed"),
        (Forwarding::Allowed, None, "10.0.0.2:1", Code::TargetRefused, "Connection refused"),
        (Forwarding::Allowed, None, "db.internal:1", Code::TargetNameUnknown, "Name or service not known"),
        (Forwarding::Allowed, Some(Target::Refused), "db:1", Code::TargetRefused, "Connection refused"),
        (Forwarding::Allowed, Some(Target::NameUnknown), "db:1", Code::TargetNameUnknown, "service not known"),
        (Forwarding::Allowed, Some(Target::NoRoute), "10.0.0.3:1", Code::TargetNoRoute, "No route to host"),
        (Forwarding::Allowed, Some(Target::TimesOut(Duration::ZERO)), "db:1", Code::TargetTimeout, "timed out"),
        (Forwarding::Allowed, Some(Target::TimesOut(Duration::from_secs(60))), "db:1", Code::OpenTimeout, ""),
    ];
    for (forwarding, found, target, code, words) in cases {
        let bastion = Bastion::start("adit", Switches { forwarding, ..Switches::default() }).await.unwrap();
        bastion.authorise(&lab.public_key()).unwrap();
        let target = endpoint(target);
        if let Some(found) = found {
            bastion.place(&target, found);
        }
        let fault = lab.open(&bastion, &target).await.unwrap_err();
        assert!(fault.code == code && fault.message.contains(words), "{fault:?}");
    }
    // The list is compared as written.
    let named: BTreeSet<_> = ["db:6379".to_owned()].into();
    let switches = Switches { forwarding: Forwarding::Only(named), ..Switches::default() };
    let bastion = Bastion::start("adit", switches).await.unwrap();
    bastion.authorise(&lab.public_key()).unwrap();
    for name in ["db:6379", "10.0.0.1:6379"] {
        bastion.place(&endpoint(name), Target::Loopback(database.port()));
    }
    assert_eq!(lab.open(&bastion, &endpoint("db:6379")).await, Ok(()));
    assert_eq!(lab.open(&bastion, &endpoint("10.0.0.1:6379")).await.unwrap_err().code, Code::ForwardProhibited);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_shows_its_round_trip_and_its_end() {
    let lab = Lab::new();
    let switches = Switches { latency: Duration::from_millis(10), ..Switches::default() };
    let bastion = Bastion::start("adit", switches).await.unwrap();
    bastion.authorise(&lab.public_key()).unwrap();
    let lane = lab.lane(&bastion);
    lane.connect(&|_| {}).await.unwrap();
    let watched = lane.clone();
    let mut trip = None;
    assert!(
        blocking(move || {
            let measured = wait_until(soon(), || {
                trip = watched.health().round_trip;
                trip.is_some()
            });
            measured && trip >= Some(Duration::from_millis(20)) && trip < Some(Duration::from_millis(200))
        })
        .await
    );
    bastion.kill_sessions();
    assert_eq!(lane.lost().await.code, Code::LinkClosed);
    lane.connect(&|_| {}).await.unwrap();
    bastion.switch(|switches| switches.frozen = true);
    assert_eq!(lane.lost().await.code, Code::LinkTimeout);
    bastion.switch(|switches| switches.frozen = false);
    lane.connect(&|_| {}).await.unwrap();
    // Shutting the door leaves the session alone, and the port comes back.
    bastion.switch(|switches| switches.door = Door::Shut);
    assert_eq!(lab.fault(&bastion).await.code, Code::TcpRefused);
    assert!(lane.health().silence.is_some());
    bastion.switch(|switches| switches.door = Door::Open);
    let again = lab.lane(&bastion);
    assert!(blocking(move || wait_until(soon(), || lab::connects(&again))).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flapping_bastion_dies_and_comes_back() {
    let lab = Lab::new();
    let bastion = Bastion::start("adit", Switches::default()).await.unwrap();
    bastion.authorise(&lab.public_key()).unwrap();
    let lane = lab.lane(&bastion);
    let beat = Duration::from_millis(700);
    bastion.switch(|switches| switches.flap = Some(Flap { up: beat, down: beat }));
    for _ in 0..2 {
        let trying = lane.clone();
        assert!(blocking(move || wait_until(soon(), || lab::connects(&trying))).await);
        assert_eq!(lane.lost().await.code, Code::LinkClosed);
        assert_eq!(lane.connect(&|_| {}).await.unwrap_err().fault.code, Code::ClosedBeforeBanner);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_path_may_be_slow() {
    let lab = Lab::new();
    let bastion = Bastion::start("adit", Switches::default()).await.unwrap();
    bastion.authorise(&lab.public_key()).unwrap();
    let (target, database) = (endpoint("10.0.1.12:5432"), Database::start(Speaks::Postgres).await.unwrap());
    bastion.place(&target, Target::Loopback(database.port()));
    bastion.switch(|switches| switches.bytes_per_second = Some(200_000));
    let (engine, port) = lab.tunnel(&bastion, &target).await;
    let start = std::time::Instant::now();
    let rows = "copy (select * from orders limit 2000) to stdout";
    let output = blocking(move || psql(port, "orders", ACCOUNT, rows)).await.expect(0);
    assert!(output.stdout.len() > 200_000 && start.elapsed() > Duration::from_secs(1), "{:?}", start.elapsed());
    engine.shutdown(Duration::from_secs(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_ssh_logs_in_and_forwards() {
    let lab = Lab::new();
    let switches = Switches { banner: Some("Authorised use only\n".to_owned()), ..Switches::default() };
    let bastion = Bastion::start("adit", switches).await.unwrap();
    bastion.authorise(&lab.public_key()).unwrap();
    let target = endpoint("orders.internal:5432");
    let database = Database::start(Speaks::Postgres).await.unwrap();
    bastion.place(&target, Target::Loopback(database.port()));
    lab.trust(&bastion);
    let ssh = lab.ssh(&bastion);
    blocking(move || {
        let mut shell = Command::new("ssh");
        shell.args(&ssh).args(["adit@127.0.0.1", "true"]);
        let turned_away = finish(shell, "").expect(1);
        assert!(turned_away.stderr.contains("Authorised use only"), "{}", turned_away.stderr);
        assert!(turned_away.stdout.contains("not available"), "{}", turned_away.stdout);
        let local = ports::free();
        let mut forward = Command::new("ssh");
        forward.args(&ssh).args(["-N", "-L", &format!("127.0.0.1:{local}:{target}"), "adit@127.0.0.1"]);
        let mut child = forward.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        reaper::watch(child.id());
        let answered = wait_until(soon(), || psql(local, "orders", ACCOUNT, "select 1").stdout == "1\n");
        child.kill().unwrap();
        child.wait().unwrap();
        reaper::forget(child.id());
        assert!(answered);
        let mut pipe = Command::new("ssh");
        pipe.args(&ssh).args(["-W", "10.9.9.9:1", "adit@127.0.0.1"]);
        let refused = finish(pipe, "");
        assert!(refused.stderr.contains("connect failed: Connection refused"), "{}", refused.stderr);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_answer_their_own_clients() {
    let lab = Lab::new();
    let bastion = Bastion::start("adit", Switches::default()).await.unwrap();
    bastion.authorise(&lab.public_key()).unwrap();
    let place = async |name: &str, speaks| {
        let (target, database) = (endpoint(name), Database::start(speaks).await.unwrap());
        bastion.place(&target, Target::Loopback(database.port()));
        let (engine, port) = lab.tunnel(&bastion, &target).await;
        (database, engine, port)
    };
    let postgres = place("10.0.1.12:5432", Speaks::Postgres).await;
    let mariadb = place("10.0.1.20:3306", Speaks::Mariadb).await;
    let redis = place("10.0.1.31:6379", Speaks::Redis).await;
    let (pg, my, kv) = (postgres.2, mariadb.2, redis.2);
    blocking(move || {
        assert_eq!(psql(pg, "orders", ACCOUNT, "select 1").expect(0).stdout, "1\n");
        let rows = psql(pg, "orders", ACCOUNT, "select * from orders limit 3").expect(0).stdout;
        assert!(rows.lines().count() == 3 && rows.starts_with("1|"), "{rows}");
        let dump = psql(pg, "orders", ACCOUNT, "copy (select * from orders limit 20000) to stdout").expect(0);
        assert_eq!(dump.stdout.lines().count(), 20_000);
        let beyond = psql(pg, "orders", ACCOUNT, "drop table orders").expect(1).stderr;
        assert!(beyond.contains("sandbox of adit's demo"), "{beyond}");

        let client = |user: &str, sql: &str| {
            let port = my.to_string();
            let own = ["--no-defaults", "-h", "127.0.0.1", "-P", &port, "-u", user, "-N", "-B", "-e", sql];
            tool("mariadb", &own)
        };
        assert_eq!(client(ACCOUNT, "select 1").expect(0).stdout, "1\n");
        assert_eq!(client(ACCOUNT, "select * from bills limit 400").expect(0).stdout.lines().count(), 400);
        let denied = client("adit_probe", "select 1").expect(1).stderr;
        assert!(denied.contains("ERROR 1045 (28000)") && denied.contains("'adit_probe'@'10.0.1.5'"), "{denied}");
        assert_eq!(mysql(my, "select 7").expect(0).stdout, "7\n");

        assert_eq!(redis_cli(kv, &["PING"]).expect(0).stdout, "PONG\n");
        redis_cli(kv, &["SET", "adit", "side passage"]).expect(0);
        assert_eq!(redis_cli(kv, &["GET", "adit"]).expect(0).stdout, "side passage\n");
    })
    .await;
    for engine in [postgres.1, mariadb.1, redis.1] {
        engine.shutdown(Duration::from_secs(1)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_refuse_as_the_real_ones_do() {
    let (postgres, mariadb) =
        (Database::start(Speaks::Postgres).await.unwrap(), Database::start(Speaks::Mariadb).await.unwrap());
    let (pg, my) = (postgres.port().get(), mariadb.port().get());
    let cases = [
        (Mood::Full, "too many clients already", "Too many connections"),
        (Mood::Starting, "is starting up", "in progress"),
        (Mood::Forbids, "no pg_hba.conf entry for host \"10.0.1.5\"", "is not allowed to connect"),
        (Mood::Blocks, "no pg_hba.conf entry", "is blocked because of many connection errors"),
        (Mood::WantsTls, "no encryption", "insecure transport are prohibited"),
        (Mood::Closes, "closed the connection unexpectedly", "Lost connection"),
    ];
    for (mood, theirs, others) in cases {
        postgres.feel(mood);
        mariadb.feel(mood);
        blocking(move || {
            let said = psql(pg, "orders", ACCOUNT, "select 1").stderr;
            assert!(said.contains(theirs), "{mood:?}: {said}");
            let said = mysql(my, "select 1").stderr;
            assert!(said.contains(others), "{mood:?}: {said}");
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn made_up_clients_ask_rest_and_leave() {
    let stop = CancellationToken::new();
    for speaks in [Speaks::Postgres, Speaks::Mariadb, Speaks::Redis, Speaks::Sqlserver] {
        let database = Database::start(speaks).await.unwrap();
        let profile = Profile { clients: 3, rhythm: Rhythm::Chatter };
        let traffic = Traffic::start(speaks, database.address(), profile, 7, &stop);
        let traffic = blocking(move || {
            assert!(wait_until(soon(), || traffic.answers() >= 30), "{speaks:?}: {}", traffic.answers());
            traffic.pause(true);
            // At most one question of each client is under way.
            let before = traffic.answers();
            assert!(!wait_until(Duration::from_millis(800), || traffic.answers() > before + 3));
            traffic.pause(false);
            assert!(wait_until(soon(), || traffic.answers() > before + 10));
            traffic
        })
        .await;
        drop(traffic);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_when_it_is_dropped() {
    let lab = Lab::new();
    let bastion = Bastion::start("adit", Switches::default()).await.unwrap();
    bastion.authorise(&lab.public_key()).unwrap();
    let (target, database) = (endpoint("10.0.1.31:6379"), Database::start(Speaks::Redis).await.unwrap());
    bastion.place(&target, Target::Loopback(database.port()));
    let (engine, _port) = lab.tunnel(&bastion, &target).await;
    let addresses = [bastion.address(), database.address()];
    drop((bastion, database));
    let lost = engine.clone();
    assert!(blocking(move || wait_until(soon(), || lost.statuses()[0].tunnel.phase != Phase::Up)).await);
    for address in addresses {
        let refused = move || wait_until(soon(), || std::net::TcpStream::connect(address).is_err());
        assert!(blocking(refused).await, "{address}");
    }
    engine.shutdown(Duration::from_secs(1)).await;
}
