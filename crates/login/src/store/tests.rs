use tempfile::TempDir;

use super::*;

/// A store with little room, in a folder of its own.
struct Scene {
    folder: TempDir,
    store: Store,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Self::open(&folder);
        Self { folder, store }
    }

    fn open(folder: &TempDir) -> Store {
        let store = Store::open(&folder.path().join("sub/login.db")).unwrap();
        Store {
            bounds: Bounds {
                sessions: 3,
                sessions_of_member: 2,
                codes: 3,
                codes_of_enterprise: 2,
            },
            ..store
        }
    }

    fn reopened(self) -> Self {
        let Self { folder, store } = self;
        drop(store);
        let store = Self::open(&folder);
        Self { folder, store }
    }

    fn begin(&self, ticket: &str, member: u8, now: i64) -> Result<(), StoreError> {
        let ends_at = at(now + 60);
        self.store
            .begin(id(ticket), ends_at, &session(member, now), at(now))
    }

    fn exchange(&self, ticket: &str, new: &str, now: i64) -> Option<Session> {
        let exchanged = self
            .store
            .exchange(id(ticket), &listing(), id(new), at(now));
        exchanged.unwrap()
    }

    fn find(&self, name: &str, now: i64) -> Option<Session> {
        self.store.find(id(name), &listing(), at(now)).unwrap()
    }
}

fn id(name: &str) -> IdDigest {
    IdDigest::of(&[name])
}

fn at(seconds: i64) -> Instant {
    Instant::from_seconds(seconds)
}

fn listing() -> ListingId {
    ListingId::parse("cad-pro").unwrap()
}

/// A session of a thousand seconds.
fn session(member: u8, now: i64) -> Session {
    Session {
        listing: listing(),
        stream: StreamId::parse("acme/tenant/cad-pro\u{1f}real\u{1f}\u{1f}t-0001").unwrap(),
        application: ApplicationId::parse("app-1").unwrap(),
        member: Digest::new([member; 16]),
        grants: 3,
        since: Position::new(17),
        centre_role: Some(Role::Admin),
        ends_at: at(now + 1_000),
        access: Some(CentreAccess {
            ends_at: at(now + 900),
            renew_at: at(now + 600),
            refresh: Some(SealedToken {
                key: SealKey::new(7),
                bytes: b"sealed".as_slice().into(),
            }),
        }),
    }
}

#[test]
fn a_session_is_kept_as_it_is_over_a_restart() {
    let scene = Scene::new();
    scene.begin("ticket", 1, 0).unwrap();
    let scene = scene.reopened();
    let waiting = |listing: &ListingId, now| {
        let found = scene.store.find_waiting(id("ticket"), listing, at(now));
        found.unwrap()
    };
    assert_eq!(waiting(&listing(), 59), Some(session(1, 0)));
    assert_eq!(waiting(&listing(), 60), None);
    let other = ListingId::parse("other-pro").unwrap();
    assert_eq!(waiting(&other, 1), None);
    assert_eq!(scene.exchange("ticket", "session", 59), Some(session(1, 0)));
    assert_eq!(waiting(&listing(), 59), None);
    let scene = scene.reopened();
    assert_eq!(scene.find("session", 999), Some(session(1, 0)));
    assert_eq!(scene.find("session", 1_000), None);
    let found = scene.store.find(id("session"), &other, at(1)).unwrap();
    assert_eq!(found, None);
}

#[test]
fn a_session_of_nothing_but_facts_is_kept_too() {
    let scene = Scene::new();
    let session = Session {
        centre_role: None,
        access: None,
        ..session(1, 0)
    };
    let begun = scene.store.begin(id("ticket"), at(60), &session, at(0));
    begun.unwrap();
    assert_eq!(scene.exchange("ticket", "session", 1), Some(session));
}

#[test]
fn a_renewal_replaces_what_the_centre_gave() {
    let scene = Scene::new();
    scene.begin("ticket", 1, 0).unwrap();
    scene.exchange("ticket", "session", 1).unwrap();
    let access = CentreAccess::new(at(500), 7_200, None);
    scene.store.renew(id("session"), &access).unwrap();
    let found = scene.find("session", 500).unwrap();
    assert_eq!(found.access, Some(access));
    scene.store.end(id("session")).unwrap();
    scene.store.end(id("session")).unwrap();
    assert_eq!(scene.find("session", 500), None);
}

#[test]
fn what_is_over_makes_room_and_nothing_else_does() {
    let scene = Scene::new();
    for (number, member) in [1, 2, 3].into_iter().enumerate() {
        scene.begin(&format!("ticket-{number}"), member, 0).unwrap();
    }
    scene.exchange("ticket-0", "session-0", 1).unwrap();
    let full = scene.begin("more", 4, 59).unwrap_err();
    assert!(
        matches!(full, StoreError::Full { of: "sessions" }),
        "{full:?}"
    );
    // The tickets that nobody exchanged have expired, and the session goes on.
    scene.begin("more", 4, 60).unwrap();
    assert_eq!(scene.store.count().unwrap(), 2);
    assert!(scene.find("session-0", 60).is_some());
}

#[test]
fn the_oldest_session_of_a_member_makes_room_for_its_newest() {
    let scene = Scene::new();
    for number in 0..3 {
        scene.begin(&format!("ticket-{number}"), 1, 0).unwrap();
    }
    assert_eq!(scene.exchange("ticket-0", "session-0", 1), None);
    assert!(scene.exchange("ticket-1", "session-1", 1).is_some());
    assert!(scene.exchange("ticket-2", "session-2", 1).is_some());
}

#[test]
fn a_code_is_new_once_and_remembered_over_a_restart() {
    let scene = Scene::new();
    let remember = |scene: &Scene, code, now| {
        let enterprise = id("t-0001");
        scene.store.remember_code(id(code), enterprise, at(now))
    };
    assert!(remember(&scene, "c1", 0).unwrap());
    let scene = scene.reopened();
    assert!(!remember(&scene, "c1", 899).unwrap());
    assert!(remember(&scene, "c2", 899).unwrap());
    let full = remember(&scene, "c3", 899).unwrap_err();
    assert!(
        matches!(
            full,
            StoreError::Full {
                of: "used codes of one enterprise"
            }
        ),
        "{full:?}"
    );
    assert!(remember(&scene, "c3", 900).unwrap());
}

#[test]
fn codes_of_one_enterprise_take_no_room_from_another() {
    let scene = Scene::new();
    let remember = |code, enterprise| {
        let remembered = scene.store.remember_code(id(code), id(enterprise), at(0));
        remembered.map_err(|error| error.to_string())
    };
    assert_eq!(remember("c1", "t-1"), Ok(true));
    assert_eq!(remember("c2", "t-1"), Ok(true));
    let full = "there are too many used codes of one enterprise";
    assert_eq!(remember("c3", "t-1"), Err(full.to_owned()));
    assert_eq!(remember("c3", "t-2"), Ok(true));
    let full = "there are too many used codes";
    assert_eq!(remember("c4", "t-3"), Err(full.to_owned()));
    // One that the centre refused makes room, and is new once more.
    scene.store.forget_code(id("c1")).unwrap();
    assert_eq!(remember("c1", "t-1"), Ok(true));
}

#[test]
fn nobody_else_reads_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let scene = Scene::new();
    let file = scene.folder.path().join("sub/login.db");
    let mode = file.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_is_deleted_is_overwritten() {
    let scene = Scene::new();
    let connection = scene.store.lock();
    let setting = |name: &str| {
        let value = connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        value.unwrap()
    };
    assert_eq!(setting("secure_delete"), 1);
    assert_eq!(setting("synchronous"), 1);
    let mode = connection.pragma_query_value(None, "journal_mode", |row| row.get::<_, String>(0));
    assert_eq!(mode.unwrap(), "truncate");
}

#[test]
fn another_file_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(other);
    let refused = Store::open(&path).unwrap_err();
    assert!(matches!(refused, StoreError::Foreign { .. }), "{refused:?}");
    let newer = Scene::new();
    let set = newer.store.lock().pragma_update(None, "user_version", 2);
    set.unwrap();
    let path = newer.folder.path().join("sub/login.db");
    let refused = Store::open(&path).unwrap_err();
    assert!(matches!(refused, StoreError::Foreign { .. }), "{refused:?}");
}

/// Each of these runs for every call of somebody.
#[test]
fn no_question_reads_a_whole_table() {
    let scene = Scene::new();
    let connection = scene.store.lock();
    let (find, find_waiting) = (find_sql(), find_waiting_sql());
    for sql in [
        &find,
        &find_waiting,
        COUNT_CODES,
        FORGET_CODES,
        FORGET_SESSIONS,
        FORGET_TICKETS,
        END_OLDEST,
    ] {
        let mut plan = connection
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let mut steps = plan.raw_query();
        while let Some(step) = steps.next().unwrap() {
            let step: String = step.get(3).unwrap();
            assert!(!step.starts_with("SCAN"), "{sql}: {step}");
        }
    }
}
