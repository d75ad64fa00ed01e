//! Who may ask what: the shipped policies, through the only way from a caller to the provider. And what is recorded and
//! logged of it.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

use std::{
    io::Write,
    path::PathBuf,
    pin::Pin,
    sync::{Arc, Mutex},
};

use zhongtai_authz::{Authz, PolicyFolder};
use zhongtai_cap_geo::{
    EmbeddedGeo, GeoError, GeoProvider, Geography, HallsWanted, Holidays, Level, MIGRATIONS,
    contract::{address, grid, place},
    parse_hours,
    tiles::{MapError, MapTile, TileConfig, TileId},
};
use zhongtai_geodesy::{AnyCrs, Cgcs2000, Figure, Problem};
use zhongtai_kernel::{
    AccountId, Assurance, AuditUnavailable, Caller, Channel, Digest, ErrorKind, Event, ManualClock, Record, Recorder,
    Release, RequestId, Subject, SubjectKind,
};
use zhongtai_runtime::{Asker, Services};
use zhongtai_store::testing::{TestDatabase, sqlite};

/// What was recorded: `action id purpose effect`.
#[derive(Default)]
struct Log {
    recorded: Mutex<Vec<String>>,
    whole: Mutex<String>,
}

impl Recorder for Log {
    fn record(&self, record: Record) -> Result<(), AuditUnavailable> {
        let Event::Decision { decision, .. } = record.event else { return Ok(()) };
        assert_eq!(decision.errors, Vec::<String>::new(), "{decision:?}");
        let (question, allowed) = (&decision.question, if decision.is_allow() { "allowed" } else { "denied" });
        let purpose = question.purpose.as_deref().unwrap_or("-");
        self.recorded.lock().unwrap().push(format!("{} {} {purpose} {allowed}", question.action, question.id));
        self.whole.lock().unwrap().push_str(decision.as_json());
        Ok(())
    }

    fn committed(&self) -> Pin<Box<dyn Future<Output = Result<(), AuditUnavailable>> + Send + '_>> {
        Box::pin(async { Ok(()) })
    }
}

struct Office {
    authz: Arc<Authz>,
    clock: Arc<ManualClock>,
    log: Arc<Log>,
    geography: Geography,
    _database: TestDatabase,
}

const PURPOSES: &str = "[\"dispatch\"]";

impl Office {
    async fn new() -> Self {
        let database = sqlite(MIGRATIONS).await;
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../policies");
        let authz = Arc::new(Authz::load(&[PolicyFolder(folder)]).unwrap());
        // A Thursday, ten in the morning in the district.
        let clock = Arc::new(ManualClock::at("2026-07-02T02:00:00Z".parse().unwrap()));
        let provider = EmbeddedGeo::open(database.store.clone()).await.unwrap();
        use Level::{Building, Estate, Room};
        let building = address("b", &[(Estate, "碧桂园"), (Building, "3栋")], (113.05, 23.68));
        let room = address("r", &[(Estate, "碧桂园"), (Building, "3栋"), (Room, "501室")], (113.05, 23.68));
        provider.put_addresses(&[building, room]).await.unwrap();
        let square = "POLYGON((113 23.6,113.1 23.6,113.1 23.7,113 23.7,113 23.6))";
        provider.put_grids(&[grid("g", square)]).await.unwrap();
        provider.put_halls(&[hall()]).await.unwrap();
        let geography = Geography::new(Arc::new(provider), Holidays::built_in());
        Self { authz, clock, log: Arc::default(), geography, _database: database }
    }

    fn ask(&self, purposes: &str, subject: Option<Subject>) -> Asker {
        let manifest = format!(
            "[plugin]\nname = \"grid\"\nversion = \"1\"\ndepartment = \"441802-chengguan\"\ntitle = \"t\"\n\
             access = \"public\"\npurposes = {purposes}"
        );
        let release = Arc::new(Release::parse(Digest::of(b"grid"), &manifest).unwrap());
        let caller = Caller::new(release, subject.map(Arc::new), Channel::Api);
        let services = Services::new(self.authz.clone(), self.log.clone(), self.clock.clone());
        Asker::new(RequestId::generate(), Arc::new(caller), Arc::new(services))
    }

    fn nobody(&self) -> Asker {
        self.ask(PURPOSES, None)
    }

    fn citizen(&self) -> Asker {
        self.ask(PURPOSES, Some(citizen()))
    }

    fn officer(&self, clearance: u8) -> Asker {
        let department = Some("441802-chengguan".parse().unwrap());
        self.ask(PURPOSES, Some(Subject { kind: SubjectKind::Officer, department, clearance, ..citizen() }))
    }

    fn recorded(&self) -> Vec<String> {
        std::mem::take(&mut self.log.recorded.lock().unwrap())
    }
}

fn citizen() -> Subject {
    Subject {
        account: AccountId::generate(),
        kind: SubjectKind::NaturalPerson,
        assurance: Assurance::Substantial,
        department: None,
        roles: Vec::new(),
        clearance: 1,
        agent: None,
    }
}

fn hall() -> zhongtai_cap_geo::Hall {
    zhongtai_cap_geo::Hall {
        id: "h".into(),
        name: "政务服务中心".into(),
        address: String::new(),
        at: place(113.05, 23.68),
        services: vec!["社保".into()],
        hours: parse_hours("1-5 09:00-12:00 13:00-17:00").unwrap(),
    }
}

const TEXT: &str = "碧桂园3栋501室";

#[tokio::test]
async fn anybody_learns_grids_and_halls_and_nobody_addresses_without_signing_in() {
    let office = Office::new().await;
    let (geography, at) = (&office.geography, place(113.05, 23.68));
    assert_eq!(geography.grid_of(&mut office.nobody(), at, None).await.unwrap().unwrap().id, "g");
    let wanted = HallsWanted { at, when: None, service: Some("社保"), limit: 1 };
    let near = geography.halls(&mut office.nobody(), wanted, None).await.unwrap();
    assert!(near[0].open && near[0].opens_next.is_none(), "{near:?}");
    let refused = geography.geocode(&mut office.nobody(), (TEXT, 5), false, None).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Denied);
    assert_eq!(geography.geocode(&mut office.citizen(), (TEXT, 5), false, None).await.unwrap()[0].address.id, "b");
    assert_eq!(
        office.recorded(),
        [
            "geo:query grids dispatch allowed",
            "geo:query service-halls dispatch allowed",
            "geo:query standard-addresses dispatch denied",
            "geo:query standard-addresses dispatch allowed",
        ]
    );
}

#[tokio::test]
async fn rooms_are_for_cleared_officers_only() {
    let office = Office::new().await;
    let (geography, at) = (&office.geography, place(113.05, 23.68));
    for mut asker in [office.nobody(), office.citizen(), office.officer(2)] {
        let by_text = geography.geocode(&mut asker, (TEXT, 5), true, None).await;
        let by_place = geography.reverse(&mut asker, (at, 5), true, None).await;
        assert!(matches!((by_text, by_place), (Err(GeoError::Denied(_)), Err(GeoError::Denied(_)))));
    }
    let mut cleared = office.officer(3);
    let found = geography.geocode(&mut cleared, (TEXT, 5), true, None).await.unwrap();
    assert_eq!((found[0].address.id.as_str(), found[0].level), ("r", Level::Room));
    assert_eq!(geography.reverse(&mut cleared, (at, 5), true, None).await.unwrap().len(), 2);
    let to_the_building = geography.reverse(&mut cleared, (at, 5), false, None).await.unwrap();
    assert_eq!(to_the_building.len(), 1, "not asked for is not told, whoever asks");
}

#[tokio::test]
async fn a_purpose_is_the_only_one_or_is_said_and_declared() {
    let office = Office::new().await;
    let (geography, at) = (&office.geography, place(113.05, 23.68));
    let undeclared = async |purposes: &str, purpose: Option<&str>| match geography
        .grid_of(&mut office.ask(purposes, None), at, purpose)
        .await
    {
        Err(GeoError::UndeclaredPurpose(purpose)) => Some(purpose),
        Ok(_) => None,
        Err(other) => panic!("{other}"),
    };
    assert_eq!(undeclared("[\"a\"]", None).await, None);
    assert_eq!(undeclared("[\"a\", \"b\"]", None).await, Some(String::new()));
    assert_eq!(undeclared("[]", None).await, Some(String::new()));
    assert_eq!(undeclared("[\"a\", \"b\"]", Some("b")).await, None);
    assert_eq!(undeclared("[\"a\"]", Some("gossip")).await, Some("gossip".into()));
    assert_eq!(office.recorded().len(), 2, "what is not declared is not asked");
}

#[tokio::test]
async fn wrong_arguments_are_named_and_nothing_is_asked() {
    let office = Office::new().await;
    let geography = &office.geography;
    let field = |error: GeoError| match error {
        GeoError::Invalid { field, problem } => (field, problem),
        other => panic!("{other}"),
    };
    let geocode = async |text: &str, limit| {
        field(geography.geocode(&mut office.citizen(), (text, limit), false, None).await.unwrap_err())
    };
    assert_eq!(geocode(" ", 5).await, ("text", Problem::Empty));
    assert_eq!(geocode(&"路".repeat(201), 5).await, ("text", Problem::TooLong(200)));
    assert_eq!(geocode("北江一路", 0).await.0, "limit");
    assert_eq!(geocode("北江一路", u32::MAX).await.0, "limit");
    let wanted = HallsWanted { at: place(113.05, 23.68), when: None, service: Some(""), limit: 1 };
    assert_eq!(field(geography.halls(&mut office.citizen(), wanted, None).await.unwrap_err()).0, "service");
    let point = || Figure::<Cgcs2000>::from_wkt("POINT(113.05 23.68)").unwrap();
    for (metres, expected) in [(f64::NAN, Problem::NotANumber), (-1.0, Problem::OutOfRange("0.1 to 100,000 m".into()))]
    {
        assert_eq!(field(geography.buffer(point(), metres).await.unwrap_err()), ("metres", expected));
    }
    let wide = Figure::from_wkt("LINESTRING(70 20,130 50)").unwrap();
    assert_eq!(field(geography.buffer(wide, 10.0).await.unwrap_err()).0, "shape");
    let zone = "EPSG:4547".parse::<AnyCrs>().unwrap();
    assert_eq!(field(geography.convert((403_209.0, 2_620_357.0), AnyCrs::Cgcs2000, zone).unwrap_err()).0, "position");
    assert_eq!(field(geography.convert((90.0, 30.0), AnyCrs::Cgcs2000, zone).unwrap_err()).0, "target");
    assert_eq!(office.recorded(), [""; 0]);
}

#[tokio::test]
async fn large_figures_are_computed_elsewhere_and_come_out_the_same() {
    let office = Office::new().await;
    let ring: Vec<String> = (0..=2_000)
        .map(|step| (f64::from(step % 2_000) / 2_000.0 * std::f64::consts::TAU).sin_cos())
        .map(|(sin, cos)| format!("{} {}", 113.0 + cos * 0.01, 23.0 + sin * 0.01))
        .collect();
    let surface = Figure::from_wkt(&format!("POLYGON(({}))", ring.join(","))).unwrap().surface().unwrap();
    assert_eq!(office.geography.area(surface.clone()).await.unwrap(), surface.area());
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn neither_log_nor_audit_nor_errors_hold_what_was_looked_for() {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone());
    let guard = tracing::subscriber::set_default(subscriber.finish());
    tracing::info!("the log is captured");
    let office = Office::new().await;
    let (secret, at) = ("翡翠湾7栋1204室", place(113.987_654, 23.123_456));
    let mut errors = String::new();
    for mut asker in [office.nobody(), office.citizen(), office.officer(3)] {
        for rooms in [false, true] {
            let by_text = office.geography.geocode(&mut asker, (secret, 5), rooms, None).await;
            let by_place = office.geography.reverse(&mut asker, (at, 5), rooms, None).await;
            by_text.err().into_iter().chain(by_place.err()).for_each(|error| errors.push_str(&error.to_string()));
        }
    }
    let long = office.geography.geocode(&mut office.citizen(), (&secret.repeat(50), 5), false, None).await;
    errors.push_str(&long.unwrap_err().to_string());
    drop(guard);
    let log = String::from_utf8(captured.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("the log is captured") && log.contains("access denied"), "{log}");
    assert!(errors.contains("access denied") && errors.contains("longer than 200"), "{errors}");
    for text in [&log, &errors, &*office.log.whole.lock().unwrap()] {
        assert!(!text.contains("翡翠湾") && !text.contains("1204") && !text.contains("113.98"), "{text}");
    }
}

#[tokio::test]
async fn a_tile_shows_the_layers_that_its_caller_may_see_and_never_a_room() {
    let office = Office::new().await;
    let (tile, config) = (TileId::new(16, 53_348, 28_328).unwrap(), TileConfig::default());
    let look = async |mut asker: Asker, known: &str| {
        office.geography.tile(&mut asker, (tile, &config), None, |tag| tag == known).await.unwrap()
    };
    let shows = |tile: &MapTile, text: &str| {
        tile.bytes.as_ref().unwrap().windows(text.len()).any(|part| part == text.as_bytes())
    };
    let public = look(office.nobody(), "").await;
    assert!(shows(&public, "政务服务中心") && shows(&public, "g网格") && !shows(&public, "3栋"));
    let asked = ["grids dispatch allowed", "service-halls dispatch allowed", "standard-addresses dispatch denied"];
    assert_eq!(office.recorded(), asked.map(|layer| format!("geo:query {layer}")));
    // Not even to who may see rooms one by one.
    let whole = look(office.officer(4), &public.tag).await;
    assert!(shows(&whole, "3栋") && !shows(&whole, "501室"));
    assert_eq!(look(office.officer(4), &whole.tag).await.bytes, None, "it is there already");
    assert_eq!(office.recorded().len(), 6, "policy was asked all the same");
}

#[tokio::test]
async fn a_tile_is_refused_when_every_layer_of_it_is() {
    let office = Office::new().await;
    let tile = TileId::new(16, 53_348, 28_328).unwrap();
    let only_addresses = TileConfig { grids_from: 22, halls_from: 22, ..TileConfig::default() };
    let refused =
        office.geography.tile(&mut office.nobody(), (tile, &only_addresses), None, |_| true).await.unwrap_err();
    assert!(matches!(&refused, MapError::Geo(GeoError::Denied(_))), "{refused}");
    let (config, mut idle) = (TileConfig::default(), office.ask("[]", Some(citizen())));
    let undeclared = office.geography.tile(&mut idle, (tile, &config), Some("map"), |_| false).await.unwrap_err();
    assert!(matches!(&undeclared, MapError::Geo(GeoError::UndeclaredPurpose(_))), "{undeclared}");
    // Far enough away nothing is shown, so nobody is asked.
    office.recorded();
    let (mut nobody, world) = (office.nobody(), TileId::new(0, 0, 0).unwrap());
    let world = office.geography.tile(&mut nobody, (world, &config), None, |_| false).await.unwrap();
    assert_eq!(world.bytes, Some(Vec::new()));
    assert!(office.recorded().is_empty());
}
