//! Which ways a message takes: what its template asks for, what the person prefers, what the operator has set up.

use crate::{Address, ChannelKind, Choice, Reach};

/// Where a delivery goes first, and where if it fails for good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub to: Address,
    pub fallback: Vec<Address>,
}

/// One route for each delivery. Empty when nobody can be reached this way.
///
/// The channels that the template names, each a delivery of its own; where it names none, or none of them leads
/// anywhere, the first that does: the person's preferred one, then in the operator's order. What fails goes on to the
/// template's fallback, or in the same order; never twice to a channel.
pub(crate) fn routes(
    reach: &Reach,
    choice: &Choice,
    order: &[ChannelKind],
    is_set_up: impl Fn(ChannelKind) -> bool,
) -> Vec<Route> {
    let usable = |kind: ChannelKind| {
        // Only a template says how it is put in a few words.
        let fits = kind != ChannelKind::Sms || choice.has_sms;
        reach.address(kind).filter(|_| fits && is_set_up(kind)).cloned()
    };
    let order: Vec<ChannelKind> = reach.preferred.into_iter().chain(order.iter().copied()).collect();
    let mut first: Vec<Address> = choice.channels.iter().copied().filter_map(usable).collect();
    if first.is_empty() {
        first.extend(order.iter().copied().find_map(usable));
    }
    let mut fallback: Vec<Address> = Vec::new();
    for address in choice.fallback.as_ref().unwrap_or(&order).iter().copied().filter_map(usable) {
        if !first.contains(&address) && !fallback.contains(&address) {
            fallback.push(address);
        }
    }
    first.into_iter().map(|to| Route { to, fallback: fallback.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use ChannelKind::{Email, Inbox, Sms, Webhook};

    use super::*;
    use crate::config::ORDER;

    fn person(preferred: Option<ChannelKind>) -> Reach {
        let texts = [(Sms, "13800138000"), (Email, "zhang@example.cn"), (Inbox, "01J00000000000000000000000")];
        let addresses = texts.map(|(kind, text)| Address::parse(kind, text).unwrap()).to_vec();
        Reach { addresses, preferred }
    }

    fn choice(channels: &[ChannelKind], fallback: Option<&[ChannelKind]>) -> Choice {
        Choice { channels: channels.to_vec(), fallback: fallback.map(<[_]>::to_vec), urgent: false, has_sms: true }
    }

    fn kinds(reach: &Reach, choice: &Choice) -> Vec<(ChannelKind, Vec<ChannelKind>)> {
        let routes = routes(reach, choice, &ORDER, |kind| kind != Webhook);
        let kinds = |route: Route| (route.to.channel(), route.fallback.iter().map(Address::channel).collect());
        routes.into_iter().map(kinds).collect()
    }

    #[test]
    fn without_channels_the_preferred_one_is_first_and_the_others_follow_in_order() {
        assert_eq!(kinds(&person(None), &choice(&[], None)), [(Sms, vec![Email, Inbox])]);
        assert_eq!(kinds(&person(Some(Inbox)), &choice(&[], None)), [(Inbox, vec![Sms, Email])]);
        assert_eq!(kinds(&person(Some(Webhook)), &choice(&[], None)), [(Sms, vec![Email, Inbox])], "not set up");
    }

    #[test]
    fn channels_of_a_template_are_deliveries_of_their_own() {
        let two = choice(&[Inbox, Email], None);
        assert_eq!(kinds(&person(Some(Sms)), &two), [(Inbox, vec![Sms]), (Email, vec![Sms])]);
        assert_eq!(kinds(&person(None), &choice(&[Inbox, Email], Some(&[]))), [(Inbox, vec![]), (Email, vec![])]);
        assert_eq!(kinds(&person(None), &choice(&[Sms], Some(&[Email, Inbox]))), [(Sms, vec![Email, Inbox])]);
    }

    #[test]
    fn a_desk_is_reached_by_the_address_it_has_whatever_the_template_names() {
        let desk = Reach::by(Address::parse(Email, "duty@example.cn").unwrap());
        assert_eq!(kinds(&desk, &choice(&[Inbox, Sms], None)), [(Email, vec![])]);
        let desk = Reach::by(Address::parse(Webhook, "https://oa.example.cn/").unwrap());
        assert_eq!(kinds(&desk, &choice(&[], None)), [], "the channel is not set up");
    }

    #[test]
    fn a_template_without_a_short_text_is_no_short_message() {
        let long = Choice { has_sms: false, ..choice(&[], None) };
        assert_eq!(kinds(&person(Some(Sms)), &long), [(Email, vec![Inbox])]);
    }
}
