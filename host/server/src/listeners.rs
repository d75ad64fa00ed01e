//! Who hears of events: the deployed releases.

use std::sync::Arc;

use async_trait::async_trait;
use zhongtai_events::{Event, Heard, Listener};
use zhongtai_kernel::RequestId;
use zhongtai_runtime::{InvokeError, Runtime, ScenarioEvent};

use crate::{deployments::Deployments, edge::without_numbers};

/// The scenarios of this host.
pub(crate) struct Listeners {
    pub(crate) deployments: Arc<Deployments>,
    pub(crate) runtime: Arc<Runtime>,
}

#[async_trait]
impl Listener for Listeners {
    async fn hear(&self, event: &Event) -> Heard {
        let id = RequestId::generate();
        let Some(slot) = self.deployments.pick(event.scenario.as_str(), id) else {
            return Heard::Absent("the scenario is not deployed".to_owned());
        };
        let Ok(release) = &slot.loaded else {
            return Heard::Absent("the release can't run here at the moment".to_owned());
        };
        if !release.listens() {
            return Heard::Unheard;
        }
        tracing::debug!(request = %id, event = %event.id, "an event is told");
        let outcome = self.runtime.tell(release.clone(), id, scenario_event(event)).await;
        match outcome.response {
            Ok(Ok(())) => Heard::Handled,
            // A guest's words may be anything; they end in a log and on an operator's screen.
            Ok(Err(reason)) => Heard::Failed(in_short(&without_numbers(&reason))),
            Err(error @ InvokeError::Overloaded(_)) => Heard::Absent(error.to_string()),
            Err(error) => Heard::Failed(in_short(&without_numbers(&error.to_string()))),
        }
    }
}

fn scenario_event(event: &Event) -> ScenarioEvent {
    ScenarioEvent {
        id: event.id.to_string(),
        kind: event.kind.clone(),
        about: event.about.clone(),
        case: event.case.clone(),
        at: event.at,
        data: event.data.clone(),
    }
}

/// One line of 200 characters at most.
fn in_short(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}
