//! From a template and inputs to a document; and the only way from a caller to one.

use std::sync::Arc;

use zhongtai_kernel::{Access, Attribute, Timestamp};
use zhongtai_runtime::Asker;
use zhongtai_typeset::{Order, Typesetter};

use crate::{
    DocumentError, DocumentTemplate, Format, Inputs, Kept, NewDocument, Registered, Rendered, Shelf, TemplateProvider,
    rendered::digests,
};

/// A case's id goes into the audit log, where nothing personal may be.
const LONGEST_CASE: usize = 64;

/// Makes documents.
pub struct Documents {
    provider: Arc<dyn TemplateProvider>,
    typesetter: Arc<Typesetter>,
    shelf: Arc<dyn Shelf>,
}

/// A document that somebody asks for.
#[derive(Debug, Clone)]
pub struct Request {
    /// The template's name.
    pub template: String,
    /// Which version; the newest when there is none.
    pub version: Option<u32>,
    /// What is filled in.
    pub inputs: Inputs,
    /// The case that it is for.
    pub case: String,
    /// Why.
    pub purpose: String,
    /// Whose file it will be, as a handle of the department; who asks when there is none.
    pub subject: Option<String>,
    /// As what it is kept.
    pub format: Format,
}

// === impl Documents ===

impl Documents {
    /// Documents from these templates, made by this typesetter; those for cases are kept on the shelf.
    pub fn new(provider: Arc<dyn TemplateProvider>, typesetter: Arc<Typesetter>, shelf: Arc<dyn Shelf>) -> Self {
        Self { provider, typesetter, shelf }
    }

    /// Where the templates are. It asks nobody.
    pub fn provider(&self) -> &Arc<dyn TemplateProvider> {
        &self.provider
    }

    /// Puts a template online, once it could be laid out with its sample. A warning counts: a font that is missing here
    /// would change how the document looks.
    ///
    /// # Errors
    /// When it can't be laid out, or its name is another department's.
    pub async fn put(&self, template: DocumentTemplate, now: Timestamp) -> Result<Registered, DocumentError> {
        let tried = self.lay_out(&template, template.sample().clone(), now).await?;
        if !tried.warnings.is_empty() {
            return Err(zhongtai_typeset::TypesetError::Template(tried.warnings).into());
        }
        self.provider.put(template).await
    }

    /// Makes a document for the host's own use: it asks nobody. The same template, inputs and time give the same bytes.
    ///
    /// # Errors
    /// When there is no such template, the inputs don't fit, or the typesetter fails.
    pub async fn render(
        &self,
        name: &str,
        version: Option<u32>,
        inputs: Inputs,
        at: Timestamp,
    ) -> Result<Rendered, DocumentError> {
        let template = self.provider.find(name, version).await?;
        self.lay_out(&template, inputs, at).await
    }

    /// The same with a template that need not be online.
    ///
    /// # Errors
    /// When the inputs don't fit, or the typesetter fails.
    pub async fn lay_out(
        &self,
        template: &DocumentTemplate,
        inputs: Inputs,
        at: Timestamp,
    ) -> Result<Rendered, DocumentError> {
        template.check(&inputs)?;
        let order = Order { template: template.layout().clone(), inputs, title: template.title().to_owned(), at };
        let made = self.typesetter.typeset(&order).await?;
        Ok(Rendered::new(template, made))
    }

    /// Makes a document for a case and keeps it as a file of that case (`document:render` on the template).
    ///
    /// # Errors
    /// When policy refuses, the request is not right, or the document can't be made or kept.
    pub async fn render_for(&self, asker: &mut Asker, request: Request) -> Result<Kept, DocumentError> {
        check(asker, &request)?;
        let department = asker.scenario().department().clone();
        let account = match &request.subject {
            Some(handle) => self.shelf.account_of(&department, handle),
            None => Some(asker.account().ok_or(DocumentError::Anonymous)?),
        };
        let account = account.ok_or_else(|| DocumentError::invalid("subject", "a handle of this department"))?;
        let template = self.provider.find(&request.template, request.version).await?;
        authorise(asker, &template, &request).await?;
        let made = self.lay_out(&template, request.inputs, asker.now()).await?;
        let bytes = made.file(request.format).to_vec();
        let (sha256, sm3) = digests(&bytes);
        let document = NewDocument {
            scenario: asker.scenario().clone(),
            case: request.case,
            purpose: request.purpose,
            account,
            format: request.format,
            name: format!("{}.{}", template.title(), request.format.extension()),
            bytes,
        };
        let file = self.shelf.keep(document).await?;
        Ok(Kept { file, sha256, sm3, pages: made.pages, version: made.version })
    }
}

/// What can't be asked at all.
fn check(asker: &Asker, request: &Request) -> Result<(), DocumentError> {
    let case = &request.case;
    let is_case = (1..=LONGEST_CASE).contains(&case.len())
        && case.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if !is_case {
        return Err(DocumentError::invalid("case-id", "1 to 64 of A-Z, a-z, 0-9, `-`, `_` and `.`"));
    }
    if !asker.declares(&request.purpose) {
        return Err(DocumentError::UndeclaredPurpose(request.purpose.chars().take(64).collect()));
    }
    Ok(())
}

async fn authorise(asker: &mut Asker, template: &DocumentTemplate, request: &Request) -> Result<(), DocumentError> {
    let owner = [("owner", Attribute::Entity("Department".into(), template.owner().as_str().into()))];
    let mut access = Access::described("document:render", "Template", template.name(), &owner);
    access.purpose = Some(&request.purpose);
    access.case = Some(&request.case);
    Ok(asker.authorise(&access).await?)
}
