//! A host for tests.

use std::{marker::PhantomData, rc::Rc};

use serde::{Serialize, de::DeserializeOwned};

use super::{
    LogEvent, MockNotice, MockSealing, MockShipment, Outgoing, Person, Record, Reply, Upload, Verdict, payments,
    shipments, state,
};
use crate::{
    Plugin, Request, Response, certificate,
    certificate::{Holder, Issue, Why},
    clock::Timestamp,
    credit::{BrokenPromise, OwnRecord, ResidentId},
    document::Document,
    event::{self, Event},
    files::Want,
    geo, http, keyvalue, logistics,
    notify::{Message, Progress},
    payment::{FeeItem, Fen},
    seal,
};

/// A host that exists only in this process, with the handlers of a plugin. `zhongtai::plugin!` names it `MockHost`.
///
/// Made with [`new`](Self::new), told what it knows, asked with [`get`](Self::get), [`post`](Self::post) and their
/// like, and looked at afterwards. Data and messages stay from one request to the next, as in a real host.
#[derive(Debug)]
pub struct Mock<P> {
    state: state::Shared,
    plugin: PhantomData<P>,
}

impl<P: Plugin> Default for Mock<P> {
    fn default() -> Self {
        Self::new()
    }
}

/// What the host knows.
impl<P: Plugin> Mock<P> {
    /// A host without data, where nobody is signed in and everything is allowed. Its clock stands at
    /// 2026-01-01T00:00:00Z.
    pub fn new() -> Self {
        Self { state: state::Shared::default(), plugin: PhantomData }
    }

    /// Signs a subject in: a handle, or a [`Person`] with more to it.
    #[must_use]
    pub fn subject(self, person: impl Into<Person>) -> Self {
        self.with(|state| state.person = Some(person.into()))
    }

    /// Signs the subject out.
    #[must_use]
    pub fn anonymous(self) -> Self {
        self.with(|state| state.person = None)
    }

    /// The verdict on a credit code. Other codes are clear.
    #[must_use]
    pub fn credit(self, code: &str, verdict: Verdict) -> Self {
        self.with(|state| {
            state.verdicts.insert(code.into(), verdict);
        })
    }

    /// A record of a credit code, for `credit::records`.
    #[must_use]
    pub fn credit_record(self, code: &str, record: Record) -> Self {
        self.with(|state| state.records.entry(code.into()).or_default().push(record))
    }

    /// The verdict on a natural person. Others are clear.
    #[must_use]
    pub fn credit_of_person(self, id: &ResidentId, verdict: Verdict) -> Self {
        self.with(|state| {
            state.verdicts.insert(id.expose().into(), verdict);
        })
    }

    /// A record about whoever is signed in, for `credit::mine`.
    #[must_use]
    pub fn own_credit_record(self, record: OwnRecord) -> Self {
        self.with(|state| state.credit.own.push(record))
    }

    /// A file that a subject handed in before.
    #[must_use]
    pub fn uploaded(self, upload: Upload) -> Self {
        self.with(|state| {
            let now = state.now;
            state.uploads.add(upload, now);
        })
    }

    /// A setting.
    #[must_use]
    pub fn config(self, key: &str, value: &str) -> Self {
        self.with(|state| {
            state.settings.insert(key.into(), value.into());
        })
    }

    /// Lets policy refuse an action: `credit:check`, `credit:check-person`, `credit:records`, `credit:read-record`,
    /// `credit:object`, `credit:apply-repair`, `credit:report`, `notify:send`, `notify:read-state`, `keyvalue:read`,
    /// `keyvalue:write`, `files:ticket`, `files:read`, `files:list`, `files:link`, `files:attach`, `files:remove`,
    /// `subject:fields`, or one field as in `subject:fields/phone`; `certificate:issue`
    /// and its like, or one field as in `certificate:read-field/phone`; `evidence:anchor`, `evidence:prove`,
    /// `document:render`.
    /// Of seals: `seal:apply`, `seal:sign`, `seal:verify`. Of shipments: `logistics:ship`, `logistics:track`,
    /// `logistics:cancel`. Of geography: `geo:query`. Of payments: `payment:notice`, `payment:read`,
    /// `payment:pay`, `payment:close`, `payment:request-refund`.
    #[must_use]
    pub fn deny(self, action: &str) -> Self {
        self.with(|state| {
            state.denied.insert(action.into());
        })
    }

    /// The purposes of the manifest. Without this call any purpose is taken as declared.
    #[must_use]
    pub fn purposes(self, purposes: &[&str]) -> Self {
        self.with(|state| state.purposes = Some(purposes.iter().map(|purpose| String::from(*purpose)).collect()))
    }

    /// A valid certificate that the subject with this handle holds.
    ///
    /// # Panics
    /// When the fields are no JSON object.
    #[must_use]
    #[expect(clippy::panic, reason = "a test with wrong fields should stop")]
    pub fn certificate(self, kind: &str, handle: &str, fields: impl Serialize) -> Self {
        let once = format!("given {}", self.state.borrow().certificates.len());
        let holder = Holder::Subject(handle.into());
        let issue = Issue::new(kind, holder, &fields, Why::case("given"), &once);
        match self.run(|| issue.map(|issue| certificate::issue(&issue))) {
            Ok(Ok(_)) => self,
            _ => panic!("the fields of a certificate are a JSON object"),
        }
    }

    /// A seal of a department. Without this call any name is taken as a valid seal.
    #[must_use]
    pub fn seal(self, name: &str, standing: seal::Standing) -> Self {
        self.with(|state| {
            state.seals.insert(name.into(), standing);
        })
    }

    /// A standard address, for `geo::locate` and its like.
    #[must_use]
    pub fn address(self, text: &str, lon: f64, lat: f64) -> Self {
        self.with(|state| state.map.addresses.push((text.into(), geo::Point { lon, lat })))
    }

    /// A grid by well-known text; its role is `grid-officer`, its desk `duty`.
    ///
    /// # Panics
    /// When the text is no valid polygon.
    #[must_use]
    #[expect(clippy::panic, reason = "a test with a wrong polygon should stop")]
    pub fn grid(self, name: &str, shape: &str) -> Self {
        let added = self.state.borrow_mut().map.add_grid(name, shape);
        match added {
            Ok(()) => self,
            Err(problem) => panic!("{problem}"),
        }
    }

    /// A service hall as `geo::HallsNear` finds it; its distance is computed.
    #[must_use]
    pub fn hall(self, hall: geo::Hall) -> Self {
        self.with(|state| state.map.halls.push(hall))
    }

    /// A fee item on the list: with a price for a unit, or one whose amount is free from 0.01 to 1,000,000 yuan.
    #[must_use]
    pub fn fee_item(self, code: &str, unit_price: Option<Fen>) -> Self {
        let (code, title, unit) = (code.to_owned(), code.to_owned(), "次".to_owned());
        let (least, most) = (unit_price.unwrap_or(Fen(1)), Fen(100_000_000));
        self.listed(FeeItem { code, title, unit, unit_price, least, most, listed: true })
    }

    /// A fee item as it is, such as one that is not listed.
    #[must_use]
    pub fn listed(self, item: FeeItem) -> Self {
        self.with(|state| state.fee_items.push(item))
    }

    /// Recipients keep an address with the platform; without this call shipments wait for one.
    #[must_use]
    pub fn delivery_address(self) -> Self {
        self.with(|state| state.keeps_address = true)
    }

    /// Something happens to a shipment. When it ends by it, the plugin is told: `logistics.signed` and its like.
    ///
    /// # Panics
    /// When there is no such shipment, or the plugin does not handle the event.
    #[must_use]
    #[expect(clippy::panic, reason = "a test with another waybill should stop")]
    pub fn shipped(self, waybill: &str, state: logistics::State) -> Self {
        let happened =
            shipments::happens(&mut self.state.borrow_mut(), waybill, state).map_err(|error| error.to_string());
        let told = happened.and_then(|end| match end {
            Some((kind, case)) => self.hear(kind, waybill, Some(case), "{}".into()),
            None => Ok(()),
        });
        match told {
            Ok(()) => self,
            Err(error) => panic!("{waybill}: {error}"),
        }
    }

    /// The message templates of the manifest. Without this call any template is taken as known.
    #[must_use]
    pub fn templates(self, templates: &[&str]) -> Self {
        self.with(|state| state.templates = Some(templates.iter().map(|name| String::from(*name)).collect()))
    }

    /// The templates of documents that are online. Without this call any template is taken as online.
    #[must_use]
    pub fn document_templates(self, templates: &[&str]) -> Self {
        self.with(|state| {
            state.document_templates = Some(templates.iter().map(|name| String::from(*name)).collect());
        })
    }

    /// Sets the clock, which stands still.
    ///
    /// # Panics
    /// When the text is not an RFC 3339 time.
    #[must_use]
    #[expect(clippy::panic, reason = "a test with a wrong time should stop")]
    pub fn at(self, time: &str) -> Self {
        match time.parse::<Timestamp>() {
            Ok(time) => self.with(|state| state.now = time.as_nanos()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Stores a value before the first request.
    ///
    /// # Panics
    /// When the real host would refuse it.
    #[must_use]
    #[expect(clippy::panic, reason = "a test with a wrong value should stop")]
    pub fn stored(self, key: &str, value: &impl Serialize) -> Self {
        match self.run(|| keyvalue::set(key, value)) {
            Ok(_) => self,
            Err(error) => panic!("{error}"),
        }
    }

    fn with(self, change: impl FnOnce(&mut state::State)) -> Self {
        change(&mut self.state.borrow_mut());
        self
    }
}

/// Requests.
impl<P: Plugin> Mock<P> {
    /// `GET`; the path may have a query: `/reports?page=2`.
    pub fn get(&self, path: &str) -> Reply {
        self.request("GET", path).send()
    }

    /// `DELETE`.
    pub fn delete(&self, path: &str) -> Reply {
        self.request("DELETE", path).send()
    }

    /// `POST` with JSON.
    pub fn post(&self, path: &str, body: impl Serialize) -> Reply {
        self.request("POST", path).json(&body).send()
    }

    /// `PUT` with JSON.
    pub fn put(&self, path: &str, body: impl Serialize) -> Reply {
        self.request("PUT", path).json(&body).send()
    }

    /// `PATCH` with JSON.
    pub fn patch(&self, path: &str, body: impl Serialize) -> Reply {
        self.request("PATCH", path).json(&body).send()
    }

    /// Any request, with headers and any body.
    pub fn request(&self, method: &str, path: &str) -> Outgoing<'_, P> {
        Outgoing::new(self, method, path)
    }

    /// Tells the plugin of an event about `about`, such as the number of a notice. The error is what the host would log.
    pub fn tell(&self, kind: &str, about: &str, data: impl Serialize) -> Result<(), String> {
        let data = serde_json::to_string(&data).map_err(|error| error.to_string())?;
        self.hear(kind, about, None, data)
    }

    fn hear(&self, kind: &str, about: &str, case: Option<String>, data: String) -> Result<(), String> {
        let (id, at) = (format!("mock {kind} {about}"), Timestamp::from_nanos(self.state.borrow().now));
        let event = Event { id, kind: kind.into(), about: about.into(), case, at, data };
        self.run(|| event::tell(P::SUBSCRIPTIONS, &event))
    }

    /// Somebody pays a notice: it is paid, and the plugin is told `payment.settled`. The error is what the host would log.
    ///
    /// # Errors
    /// When the notice is not due, or the plugin does not handle the event.
    pub fn settle(&self, number: &str) -> Result<(), String> {
        let settled = payments::settle(&mut self.state.borrow_mut(), number);
        let (case, data) = settled.map_err(|error| error.to_string())?;
        self.hear("payment.settled", number, case, data.to_string())
    }

    pub(super) fn answer(&self, request: Request) -> Response {
        self.run(|| http::dispatch(P::ROUTES, request))
    }

    /// Runs code that calls capabilities without a request, such as a handler called directly.
    pub fn run<T>(&self, code: impl FnOnce() -> T) -> T {
        state::enter(&self.state, code)
    }
}

/// What happened.
impl<P: Plugin> Mock<P> {
    /// The certificates that were issued to a holder's handle or to whoever asked, the oldest first.
    pub fn issued_certificates(&self) -> Vec<certificate::Summary> {
        self.state.borrow().certificates.iter().map(|one| one.summary.clone()).collect()
    }

    /// What an issued certificate says; nothing when there is none of this id.
    pub fn certificate_fields(&self, id: &str) -> serde_json::Value {
        let state = self.state.borrow();
        let found = state.certificates.iter().find(|one| one.summary.id == id);
        found.map_or(serde_json::Value::Null, |one| one.fields.clone().into())
    }

    /// What was sealed and signed, in order.
    pub fn sealings(&self) -> Vec<MockSealing> {
        self.state.borrow().sealings.clone()
    }

    /// The broken promises that were reported, in order.
    pub fn reported_promises(&self) -> Vec<BrokenPromise> {
        self.state.borrow().credit.reports.iter().map(|(_, promise)| promise.clone()).collect()
    }

    /// The documents that were made, in order. They are files of their cases, too.
    pub fn documents(&self) -> Vec<Document> {
        self.state.borrow().documents.clone()
    }

    /// How far a message is, by the id that `send` returned. Without this call a message is queued.
    #[must_use]
    pub fn deliveries(self, id: &str, deliveries: &[Progress]) -> Self {
        self.with(|state| {
            state.deliveries.insert(id.into(), deliveries.to_vec());
        })
    }

    /// The messages that were sent, in order.
    pub fn sent_messages(&self) -> Vec<Message> {
        self.state.borrow().sent.clone()
    }

    /// The notices that were asked for, in order, and how far they are.
    pub fn notices(&self) -> Vec<MockNotice> {
        self.state.borrow().notices.clone()
    }

    /// What was shipped, in order, and how far it is.
    pub fn shipments(&self) -> Vec<MockShipment> {
        self.state.borrow().shipments.clone()
    }

    /// What tickets for uploads were asked for, in order.
    pub fn wanted_files(&self) -> Vec<Want> {
        self.state.borrow().uploads.wanted.clone()
    }

    /// The events that were logged, in order.
    pub fn logs(&self) -> Vec<LogEvent> {
        self.state.borrow().logs.clone()
    }

    /// What is stored under a key.
    ///
    /// # Panics
    /// When it is not a `T`.
    #[expect(clippy::panic, reason = "a test that reads another type should stop")]
    pub fn value<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        let entry = self.state.borrow().store.get(key).ok().flatten()?;
        match serde_json::from_slice(&entry.value) {
            Ok(value) => Some(value),
            Err(error) => panic!("`{key}`: {error}"),
        }
    }

    /// The stored keys that begin with `prefix`, at most 1,000.
    pub fn keys(&self, prefix: &str) -> Vec<String> {
        self.state.borrow().store.keys(prefix, None, u32::MAX)
    }
}

impl<P> Clone for Mock<P> {
    /// Another handle on the same host.
    fn clone(&self) -> Self {
        Self { state: Rc::clone(&self.state), plugin: PhantomData }
    }
}
