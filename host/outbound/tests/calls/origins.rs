use zhongtai_outbound::{Origins, OriginsConfig, OutboundError, Outcome, Repeat, Request, Url};

use crate::support::{Act, Scene};

fn url(scene: &Scene, rest: &str) -> Url {
    format!("{}{rest}", scene.server.origin()).parse().unwrap()
}

fn origins(scene: &Scene, config: OriginsConfig) -> Origins {
    scene.outbound.origins("many", &config).unwrap()
}

fn hook() -> Request {
    Request::post("", "application/json", "{}")
}

#[tokio::test]
async fn a_whole_url_is_asked_as_it_is() {
    let scene = Scene::new([]);
    let origins = origins(&scene, OriginsConfig::default());
    let answer = origins.send(&url(&scene, "/hook//a?b=c%20d&e"), hook(), Repeat::Never).await.unwrap();
    assert!(answer.is_success());
    assert_eq!(scene.server.asked()[0].line, "POST /hook//a?b=c%20d&e HTTP/1.1");
    let error = origins.send(&url(&scene, "/hook"), Request::get("x"), Repeat::Never).await.unwrap_err();
    assert!(matches!(error, OutboundError::NotAllowed { .. }), "the URL is the whole target");
    assert_eq!(scene.calls(), [(Outcome::Success, 1)]);
}

#[tokio::test]
async fn one_host_that_fails_does_not_keep_another_from_being_called() {
    let (down, up) = (Scene::new(vec![Act::HangUp; 10]), Scene::new([]));
    let origins = origins(&down, OriginsConfig::default());
    for _ in 0..5 {
        let error = origins.send(&url(&down, "/"), hook(), Repeat::Never).await.unwrap_err();
        assert!(matches!(error, OutboundError::BrokenOff { .. }), "{error}");
    }
    let error = origins.send(&url(&down, "/other"), hook(), Repeat::Never).await.unwrap_err();
    assert!(matches!(error, OutboundError::Resting { .. }), "{error}");
    assert!(origins.send(&url(&up, "/"), hook(), Repeat::Never).await.unwrap().is_success());
    assert_eq!(down.server.asked().len(), 5);
}

#[tokio::test]
async fn only_listed_hosts_are_called_where_there_is_a_list() {
    let scene = Scene::new([]);
    let listed = |hosts: &[&str]| {
        let hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
        scene.outbound.origins("many", &OriginsConfig { hosts, ..OriginsConfig::default() })
    };
    let elsewhere = listed(&["hooks.example.cn"]).unwrap();
    let error = elsewhere.send(&url(&scene, "/"), hook(), Repeat::Never).await.unwrap_err();
    assert_eq!(error.to_string(), "many: this must not be asked: the host is not listed");
    assert_eq!(scene.server.connections(), 0);
    let here = listed(&["127.0.0.1"]).unwrap();
    assert!(here.send(&url(&scene, "/"), hook(), Repeat::Never).await.unwrap().is_success());
    for wrong in ["", "HOOKS.example.cn", "hooks.example.cn:443", "https://hooks.example.cn", "a/b", "user@a"] {
        let error = listed(&[wrong]).unwrap_err().to_string();
        assert_eq!(error, "many: hosts: expected names of hosts in lower case, without port", "{wrong}");
    }
}

#[tokio::test]
async fn plain_http_goes_to_this_machine_only() {
    let scene = Scene::new([]);
    let origins = origins(&scene, OriginsConfig::default());
    for wrong in ["http://hooks.example.cn/", "https://user:hunter2@hooks.example.cn/", "ftp://hooks.example.cn/"] {
        let error = origins.send(&wrong.parse().unwrap(), hook(), Repeat::Never).await.unwrap_err();
        assert!(matches!(error, OutboundError::NotAllowed { .. }), "{wrong}: {error}");
        assert!(!error.to_string().contains("hunter2"));
    }
}
