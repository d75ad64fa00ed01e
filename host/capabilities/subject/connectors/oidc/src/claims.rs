//! From a provider's claims to ours: only what the configuration names, each parsed once.

use serde_json::{Map, Value};
use zhongtai_kernel::SubjectKind;

use crate::{ExternalClaims, OidcConfig, OidcError};

/// The claims of an ID token, and of userinfo for those that it does not have.
pub(crate) struct Claims {
    pub(crate) id_token: Map<String, Value>,
    pub(crate) userinfo: Map<String, Value>,
}

// === impl Claims ===

impl Claims {
    /// The ones that `config` maps. A value that is there but not valid fails the sign-in: who maps a claim relies on it.
    pub(crate) fn read(&self, config: &OidcConfig) -> Result<ExternalClaims, OidcError> {
        let names = &config.claims;
        Ok(ExternalClaims {
            kind: self.kind(config)?,
            name: self.parsed("name", &names.name, name)?,
            phone: self.parsed("phone", &self.verified(&names.phone), phone)?,
            email: self.parsed("email", &self.verified(&names.email), email)?,
            resident_id: self
                .parsed("resident-id", &names.resident_id, |text| text.to_ascii_uppercase().parse().ok())?,
            credit_code: self.parsed("credit-code", &names.credit_code, |text| text.parse().ok())?,
            department: self.parsed("department", &names.department, |text| text.parse().ok())?,
        })
    }

    fn kind(&self, config: &OidcConfig) -> Result<SubjectKind, OidcError> {
        if config.claims.kind.is_none() {
            return Ok(config.kind);
        }
        // Whoever is of no known kind is nobody: the default is for providers that don't tell kinds apart.
        let kind = self.parsed("kind", &config.claims.kind, |text| config.kinds.get(text).copied())?;
        kind.ok_or(OidcError::Claim { claim: "kind" })
    }

    /// The value of the claim `name`, if there is one.
    fn parsed<T>(
        &self,
        claim: &'static str,
        name: &Option<String>,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, OidcError> {
        let invalid = || OidcError::Claim { claim };
        match name.as_deref().and_then(|name| self.get(name)) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(Value::String(text)) => parse(text.trim()).map(Some).ok_or_else(invalid),
            Some(Value::Number(number)) => parse(&number.to_string()).map(Some).ok_or_else(invalid),
            Some(_) => Err(invalid()),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.id_token.get(name).or_else(|| self.userinfo.get(name))
    }

    /// The claim's name, unless its `_verified` beside it says no (OpenID Connect Core, 5.1).
    fn verified(&self, name: &Option<String>) -> Option<String> {
        let name = name.as_ref()?;
        let not_verified = self.get(&format!("{name}_verified")).is_some_and(|value| match value {
            Value::Bool(verified) => !verified,
            Value::String(text) => text != "true",
            _ => true,
        });
        (!not_verified).then(|| name.clone())
    }
}

fn name(text: &str) -> Option<String> {
    let length = text.chars().count();
    ((1..=100).contains(&length) && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

fn phone(text: &str) -> Option<String> {
    let number: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    let digits = number.strip_prefix('+').unwrap_or(&number);
    let good = (5..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    good.then_some(number)
}

/// Nothing that could carry another header or another recipient. The subject capability looks closer when it is kept.
fn email(text: &str) -> Option<String> {
    let (local, domain) = text.split_once('@')?;
    let plain = |b: u8| b.is_ascii_graphic() && !br#"@"(),:;<>[\]"#.contains(&b);
    let good = text.len() <= 254 && !local.is_empty() && !domain.is_empty();
    (good && local.bytes().chain(domain.bytes()).all(plain)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn config() -> OidcConfig {
        toml::from_str(
            r#"
            title = "t"
            issuer = "https://id.example.gov.cn"
            client_id = "zhongtai"
            redirect_base = "https://portal.example.gov.cn"
            kinds = { "1" = "natural-person", "2" = "legal-person", "9" = "officer" }
            [claims]
            resident_id = "id_card"
            credit_code = "uscc"
            kind = "user_type"
            department = "org"
            "#,
        )
        .unwrap()
    }

    fn read(id_token: Value, userinfo: Value) -> Result<ExternalClaims, String> {
        let map = |value: Value| value.as_object().unwrap().clone();
        let claims = Claims { id_token: map(id_token), userinfo: map(userinfo) };
        claims.read(&config()).map_err(|error| error.to_string())
    }

    #[test]
    fn claims_are_taken_from_the_id_token_first_and_parsed() {
        let claims = read(
            json!({ "user_type": 1, "name": "张三", "id_card": "11010519491231002x" }),
            json!({ "name": "李四", "phone_number": "+86 138-0013-8000", "uscc": "91350100M000100Y43", "org": "" }),
        )
        .unwrap();
        assert_eq!(claims.kind, SubjectKind::NaturalPerson);
        let attributes: Vec<_> = claims.attributes().collect();
        assert_eq!(
            attributes,
            [
                ("name", "张三"),
                ("phone", "+8613800138000"),
                ("resident-id", "11010519491231002X"),
                ("credit-code", "91350100M000100Y43"),
            ]
        );
        assert_eq!(claims.department, None);
        let shown = format!("{claims:?}");
        assert!(!shown.contains("张三") && !shown.contains("110105"), "{shown}");
    }

    #[test]
    fn a_claim_that_is_not_valid_fails_the_sign_in_and_is_not_quoted() {
        for (claim, name, value) in [
            ("resident-id", "id_card", json!("110105194912310021")),
            ("credit-code", "uscc", json!("91350100M000100Y44")),
            ("kind", "user_type", json!("7")),
            ("kind", "user_type", json!(["1"])),
            ("name", "name", json!("a\nb")),
            ("phone", "phone_number", json!("call me")),
            ("email", "email", json!("a@example.cn, b@example.cn")),
            ("department", "org", json!("x")),
        ] {
            let mut claims = json!({ "user_type": "1" });
            claims[name] = value.clone();
            let error = read(claims, json!({})).unwrap_err();
            assert_eq!(error, format!("the sign-in service gave a {claim} that is not valid"), "{value}");
        }
    }

    #[test]
    fn whoever_is_of_no_known_kind_does_not_get_in() {
        assert!(read(json!({}), json!({})).is_err());
        assert!(read(json!({}), json!({ "user_type": "2" })).is_ok());
    }

    #[test]
    fn what_the_provider_did_not_verify_is_left_out() {
        for (verified, there) in
            [(json!(true), true), (json!("true"), true), (json!(false), false), (json!("no"), false)]
        {
            let claims =
                read(json!({ "user_type": "1", "email": "a@example.cn", "email_verified": verified }), json!({}));
            assert_eq!(claims.unwrap().email.is_some(), there, "{verified}");
        }
    }
}
