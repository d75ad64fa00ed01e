//! `zt serve`: the composition root. Opens everything, wires it together, listens, drains, closes.

use std::{
    io::Write as _,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use tokio::{
    runtime::Handle,
    signal::unix::{SignalKind, signal},
    sync::{oneshot, watch},
};
use zhongtai_audit::{AuditKeys, AuditLog};
use zhongtai_cap_certificate::{CertificateCapability, Certificates, EmbeddedCertificates};
use zhongtai_cap_document::{DocumentCapability, Documents, EmbeddedTemplates};
use zhongtai_cap_evidence::{EmbeddedEvidence, Evidence, EvidenceProvider};
use zhongtai_cap_files::{EmbeddedFiles, Files};
use zhongtai_cap_geo::GeoCapability;
use zhongtai_cap_keyvalue::{EmbeddedKeyValue, KeyValue};
use zhongtai_cap_logistics::{Book, LogisticsCapability};
use zhongtai_cap_notify::{Notify, Outbox};
use zhongtai_cap_payment::PaymentCapability;
use zhongtai_cap_seal::{EmbeddedSeals, KeptByScenarios, SealCapability, Seals, outside_trust};
use zhongtai_cap_subject::{Accounts, Handles, Mandates, SubjectCapability, Tokens};
use zhongtai_events::Events;
use zhongtai_governance::{SigningSeed, Versions};
use zhongtai_kernel::{Clock, Recorder, SystemClock};
use zhongtai_outbound::Outbound;
use zhongtai_registry::Registry;
use zhongtai_runtime::{Capability, HostKey, Runtime, RuntimeOptions, Services};
use zhongtai_store::{Migration, Store};
use zhongtai_typeset::{Typesetter, WorkerCommand};

use crate::{
    address_book::Addresses,
    admin, analysis,
    anchors::Anchors,
    app::App,
    config::Config,
    crediting::{self, Identified},
    deployments::Deployments,
    edge::{Edge, Health, Patience, PublicListener, bind},
    holders::Accounted,
    identity::Identity,
    listeners::Listeners,
    mapping,
    metrics::Metrics,
    papers::SealedPapers,
    payments, platform_key,
    policies::Policies,
    recorder::ModalRecorder,
    sealing::{Names, SealedFiles},
    shelf::CaseFiles,
    shipping, short_messages,
};

/// How soon a change made through another host, or in a policy folder, is in force here.
const WATCH_INTERVAL: Duration = Duration::from_millis(500);

/// How often what was cut off is tried again.
const FINISH_INTERVAL: Duration = Duration::from_secs(30);

/// The migrations of every crate that owns tables, in order.
fn migrations() -> Vec<Migration> {
    [
        zhongtai_registry::MIGRATIONS,
        zhongtai_governance::MIGRATIONS,
        zhongtai_events::MIGRATIONS,
        zhongtai_cap_certificate::MIGRATIONS,
        zhongtai_cap_config::MIGRATIONS,
        zhongtai_cap_credit::MIGRATIONS,
        zhongtai_cap_document::MIGRATIONS,
        zhongtai_cap_files::MIGRATIONS,
        zhongtai_cap_geo::MIGRATIONS,
        zhongtai_cap_evidence::MIGRATIONS,
        zhongtai_cap_keyvalue::MIGRATIONS,
        zhongtai_cap_logistics::MIGRATIONS,
        zhongtai_cap_notify::MIGRATIONS,
        zhongtai_cap_payment::MIGRATIONS,
        zhongtai_cap_seal::MIGRATIONS,
        zhongtai_cap_subject::MIGRATIONS,
        platform_key::MIGRATIONS,
    ]
    .concat()
}

/// Runs the host until it is told to stop.
pub(crate) fn serve(config: Config) -> anyhow::Result<()> {
    // The shared runtime: the slow lane, the admin listener, and all I/O.
    let shared = tokio::runtime::Builder::new_multi_thread().thread_name("zt-shared").enable_all().build()?;
    let (stop, stopped) = watch::channel(false);
    let app = shared.block_on(open(&config, shared.handle().clone()))?;
    let threads = match config.listen.threads {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        threads => threads,
    };
    let (public, sockets) =
        bind(config.listen.public, threads).with_context(|| format!("can't listen on {}", config.listen.public))?;
    let patience =
        Patience { idle: Duration::from_secs(config.listen.idle_s), drain: Duration::from_secs(config.listen.drain_s) };
    let listener = PublicListener::start(sockets, &Edge::new(app.clone()), &stopped, patience)?;
    shared.block_on(run(&config, app.clone(), public, listener, stop))?;
    shared.block_on(app.store.close());
    shared.shutdown_timeout(Duration::from_secs(5));
    tracing::info!("stopped");
    Ok(())
}

/// Opens the store, keys, policies, audit, capabilities and sandbox, and loads what is deployed.
async fn open(config: &Config, shared: Handle) -> anyhow::Result<Arc<App>> {
    config.sign_in.check([config.listen.public, config.listen.admin])?;
    let data = &config.store.data;
    std::fs::create_dir_all(data).with_context(|| format!("{} can't be made", data.display()))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let host_key = HostKey::load_or_create(&data.join("host.key")).context("host.key")?;
    let store = Store::open(&config.store_url(), &migrations()).await.context("the store can't be opened")?;
    let platform_key = platform_key::open(data, &store).await?;
    let seed = SigningSeed(platform_key.derive("policy-versions"));
    let versions = Versions::new(store.clone(), clock.clone(), &seed);
    let policies = Policies::open(versions, config.policy_folders(), config.policy.follow_files)
        .await
        .context("the policies can't be put in force")?;
    let audit_name = config.audit_name(&host_key);
    let audit_keys = AuditKeys::derive(&audit_name, &platform_key.derive(&format!("audit {audit_name}")))?;
    let public_keys = audit_keys.public();
    let audit = AuditLog::open(&data.join("audit"), audit_keys, config.audit_options()?)?;
    let metrics = Arc::new(Metrics::new()?);
    let outbound = Outbound::observed(&config.outbound, clock.clone(), metrics.outbound())?;
    let recorder: Arc<dyn Recorder> = Arc::new(ModalRecorder::new(
        audit.clone(),
        config.audit.when_unwritable,
        metrics.unrecorded(),
        policies.clone(),
    ));
    let accounts = Accounts::new(store.clone(), clock.clone(), platform_key.derive("subject-attributes"));
    let handles = Arc::new(Handles::new(platform_key.derive("subject-handles")));
    let addresses = Addresses::new(&config.desks, Arc::new(accounts.clone()), handles.clone())?;
    let mut channels = config.notify.channels(&outbound, &clock)?;
    if let Some(section) = &config.notify.sms {
        channels.sms = Some(short_messages::open(section, &outbound, &clock)?);
    }
    let outbox_key = platform_key.derive("outbox");
    let outbox = Outbox::new(store.clone(), clock.clone(), &outbox_key, channels, config.notify.options());
    let file_key = platform_key.derive("files");
    let files =
        EmbeddedFiles::open(store.clone(), clock.clone(), config.files.clone(), &config.files_folder(), &file_key)?;
    let documents = documents(config, &store, &clock, &files, &handles);
    let events = Events::new(store.clone(), clock.clone(), config.events);
    let book = Book::new(store.clone(), clock.clone(), platform_key.derive("logistics"), config.logistics.schedule);
    let (shipments, dispatcher) = shipping::open(&config.logistics, &book, &outbound, &clock, &handles)?;
    let keyvalue = EmbeddedKeyValue::new(store.clone(), clock.clone(), config.keyvalue);
    let credit_key = platform_key.derive("credit");
    let people = Identified { subjects: Arc::new(accounts.clone()), handles: handles.clone() };
    let credit = crediting::open(&config.credit, (&store, &credit_key), &clock, &outbound, people).await?;
    let mapping = mapping::open(&config.geo, &store).await.context("geography can't be opened")?;
    let settings = Arc::new(zhongtai_cap_config::EmbeddedConfig::load(store.clone()).await?);
    let log_tail = Arc::new(zhongtai_cap_log::LogTail::default());
    let seals = seals(config, &store, &clock, &platform_key, &accounts)?;
    let services = Arc::new(Services::new(policies.authz().clone(), recorder.clone(), clock.clone()));
    let payments = payments::open(
        &config.payment,
        payments::Parts {
            store: &store,
            clock: &clock,
            key: platform_key.derive("payment-ledger"),
            outbound: &outbound,
            subjects: Arc::new(accounts.clone()),
            handles: &handles,
            documents: &documents,
            seals: &seals,
            services: &services,
        },
    )?;
    let papers = SealedPapers { documents: documents.clone(), seals: seals.clone(), services };
    let provider = EmbeddedCertificates::new(
        store.clone(),
        clock.clone(),
        platform_key.derive("certificates"),
        Some(Arc::new(papers)),
    );
    let holders = Accounted { subjects: Arc::new(accounts.clone()), handles: handles.clone() };
    let page = config.certificate.page.clone();
    let certificates = Arc::new(Certificates::new(Arc::new(provider), Arc::new(holders), page));
    let log = Arc::new(Anchors { log: audit.clone(), name: audit_name });
    let evidence: Arc<dyn EvidenceProvider> = Arc::new(EmbeddedEvidence::new(store.clone(), clock.clone(), log));

    // One line per capability.
    let capabilities: Vec<Arc<dyn Capability>> = vec![
        Arc::new(CertificateCapability(certificates.clone())),
        Arc::new(zhongtai_cap_clock::ClockCapability),
        Arc::new(zhongtai_cap_config::Config(settings.clone())),
        Arc::new(zhongtai_cap_credit::CreditCapability(credit.clone())),
        Arc::new(DocumentCapability(documents.clone())),
        Arc::new(Files(Arc::new(files.clone()))),
        Arc::new(GeoCapability(mapping.geography.clone())),
        Arc::new(Evidence(evidence.clone())),
        Arc::new(KeyValue(Arc::new(keyvalue))),
        Arc::new(zhongtai_cap_log::Log(log_tail.clone())),
        Arc::new(LogisticsCapability(shipments.clone())),
        Arc::new(Notify { provider: Arc::new(outbox.clone()), addresses: Arc::new(addresses) }),
        Arc::new(PaymentCapability(payments.clone())),
        Arc::new(zhongtai_cap_random::Random),
        Arc::new(SealCapability { seals: seals.clone(), shelf: Arc::new(SealedFiles(files.clone())) }),
        Arc::new(SubjectCapability { provider: Arc::new(accounts.clone()), handles }),
    ];

    let services = Services::new(policies.authz().clone(), recorder, clock.clone());
    let options = RuntimeOptions {
        engine: config.engine(),
        admission: config.admission(),
        artifacts: data.join("aot"),
        key: host_key,
    };
    let runtime = Arc::new(Runtime::new(options, capabilities, services, shared.clone())?);
    let registry = Registry::new(store.clone(), clock.clone());
    let deployments = Arc::new(Deployments::new(registry.clone(), runtime.clone(), metrics.clone()));
    deployments.refresh().await.context("the deployments can't be loaded")?;
    let tokens = Arc::new(Tokens::new(accounts.clone()));
    bootstrap(&accounts, &tokens, data).await?;
    let mandates = Arc::new(Mandates::new(accounts.clone()));
    let identity = Arc::new(Identity::new(&accounts, config.sign_in.clone(), &outbound, &clock)?);
    accounts.index_identifiers().await?;
    Ok(Arc::new(App {
        store,
        clock,
        audit,
        audit_keys: public_keys,
        policies,
        registry,
        runtime,
        deployments,
        metrics,
        health: Health::default(),
        accounts,
        tokens,
        identity,
        mandates,
        credit,
        spool: data.clone(),
        credit_import_mib: config.credit.own.import_mib,
        mapping,
        certificates,
        documents,
        evidence,
        seals,
        settings,
        outbox,
        payments,
        shipments,
        dispatcher,
        events,
        files,
        log_tail,
        body_patience: Duration::from_secs(config.listen.body_s),
        shared,
    }))
}

/// Seals with the built-in authorities. Cases are where scenarios say they are, until the host keeps some itself.
fn seals(
    config: &Config,
    store: &Store,
    clock: &Arc<dyn Clock>,
    key: &HostKey,
    accounts: &Accounts,
) -> anyhow::Result<Arc<Seals>> {
    let provider = EmbeddedSeals::new(store.clone(), clock.clone(), &key.derive("seal"), &config.seal)?;
    let (cases, people) = (Arc::new(KeptByScenarios), Arc::new(Names(Arc::new(accounts.clone()))));
    let outside = outside_trust(&config.seal)?;
    Ok(Arc::new(Seals::new(Arc::new(provider), cases, people, outside, config.seal.most_bytes())))
}

/// Documents are laid out by this program started once more.
fn documents(
    config: &Config,
    store: &Store,
    clock: &Arc<dyn Clock>,
    files: &EmbeddedFiles,
    handles: &Arc<Handles>,
) -> Arc<Documents> {
    // Whatever has become of the file: an upgrade replaces it while the host runs.
    let command = WorkerCommand { program: "/proc/self/exe".into(), arguments: vec!["typeset-worker".into()] };
    let templates = EmbeddedTemplates::new(store.clone(), clock.clone());
    let shelf = CaseFiles { files: Arc::new(files.clone()), handles: handles.clone() };
    let typesetter = Typesetter::new(command, config.document.clone());
    Arc::new(Documents::new(Arc::new(templates), typesetter, Arc::new(shelf)))
}

/// At the first start, makes one account for each kind of administrator and leaves its generated credentials in files
/// that only this user can read. Three people take one each: none of the roles may do what another does.
async fn bootstrap(accounts: &Accounts, tokens: &Tokens, data: &Path) -> anyhow::Result<()> {
    for (account, password) in accounts.bootstrap_administrators(&admin::ROLES).await? {
        let login = account.login.as_str();
        let lifetime = Duration::from_secs(90 * 24 * 3600);
        let (_, token) = tokens.issue(account.subject.account, &["admin", "scenario"], lifetime, "first start").await?;
        write_secret(&data.join(format!("{login}.password")), password.expose())?;
        write_secret(&data.join(format!("{login}.token")), token.expose())?;
        tracing::info!("made the account `{login}`; its generated credentials are in {}/{login}.*", data.display());
    }
    Ok(())
}

/// A file of mode 0600.
pub(crate) fn write_secret(path: &Path, secret: &str) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    let mut file = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{} can't be written", path.display()))?;
    writeln!(file, "{secret}")?;
    Ok(())
}

/// Listens for operators, watches for changes, delivers messages; until SIGTERM or SIGINT. Then drains.
async fn run(
    config: &Config,
    app: Arc<App>,
    public: std::net::SocketAddr,
    edge: PublicListener,
    stop: watch::Sender<bool>,
) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(config.listen.admin)
        .await
        .with_context(|| format!("can't listen on {}", config.listen.admin))?;
    let admin_address = listener.local_addr()?;
    // The admin listener stays until the public one has drained: `/readyz` says there that this host is stopping.
    let (stop_admin, admin_stopped) = oneshot::channel::<()>();
    let admin = axum::serve(listener, admin::router(app.clone()))
        .with_graceful_shutdown(async move { drop(admin_stopped.await) });
    let admin = tokio::spawn(async move { admin.await });
    let watcher = tokio::spawn(watch(app.clone(), stop.subscribe()));
    let outbox = tokio::spawn(app.outbox.clone().run(stop.subscribe()));
    let listeners = Arc::new(Listeners { deployments: app.deployments.clone(), runtime: app.runtime.clone() });
    let events = tokio::spawn(app.events.clone().run(listeners, stop.subscribe()));
    let dispatcher = tokio::spawn(app.dispatcher.clone().run(stop.subscribe()));
    let payments = tokio::spawn(payments::run(app.payments.clone(), stop.subscribe()));
    let follower = tokio::spawn(mapping::follow(app.clone(), stop.subscribe()));
    let sweeper = tokio::spawn(app.files.clone().run(stop.subscribe()));
    analysis::resume(&app).await;
    app.health.set_ready(true);
    tracing::info!(
        public = %format_args!("http://{public}"),
        admin = %format_args!("http://{admin_address}"),
        instances = app.runtime.pool().0,
        policies = app.policies.authz().summary().policies,
        scenarios = app.deployments.all().len(),
        "ready"
    );
    wait_for_signal().await?;
    tracing::info!("stopping: requests in flight may finish");
    app.health.set_ready(false);
    stop.send_replace(true);
    for task in [watcher, outbox, events, sweeper, dispatcher, payments, follower] {
        let _ = tokio::time::timeout(Duration::from_secs(10), task).await;
    }
    tokio::task::spawn_blocking(|| edge.join()).await?;
    drop(stop_admin);
    let _ = tokio::time::timeout(Duration::from_secs(config.listen.drain_s), admin).await;
    Ok(())
}

async fn wait_for_signal() -> anyhow::Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Takes over what other hosts deployed and set, and policy files that changed.
async fn watch(app: Arc<App>, mut stop: watch::Receiver<bool>) {
    let mut finished: Option<Instant> = None;
    loop {
        tokio::select! {
            _ = tokio::time::sleep(WATCH_INTERVAL) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        if let Err(error) = app.deployments.refresh().await {
            tracing::warn!(%error, "the deployments can't be refreshed");
        }
        if let Err(error) = app.credit.rules().refresh().await {
            tracing::warn!(%error, "the credit rules can't be read again");
        }
        if let Err(error) = app.settings.reload().await {
            tracing::warn!(%error, "the settings can't be read again");
        }
        app.policies.refresh().await;
        if finished.is_none_or(|finished| finished.elapsed() >= FINISH_INTERVAL) {
            finish_what_was_cut_off(&app).await;
            finished = Some(Instant::now());
        }
    }
}

/// Papers that certificates wait for, and anchors that are not proved yet; and events that were told long ago go.
async fn finish_what_was_cut_off(app: &App) {
    if let Err(error) = app.certificates.provider().resume().await {
        tracing::warn!(%error, "certificates still wait for their papers");
    }
    if let Err(error) = app.events.forget_old().await {
        tracing::warn!(%error, "old events can't be forgotten");
    }
    if let Err(error) = app.evidence.settle().await {
        tracing::warn!(%error, "anchors still wait for their proofs");
    }
    match app.seals.provider().tick().await {
        Ok(0) => {}
        Ok(renewed) => tracing::info!(renewed, "revocation lists were signed anew"),
        Err(error) => tracing::error!(%error, "revocation lists can't be signed anew: seals will be doubted"),
    }
}
