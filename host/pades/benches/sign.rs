//! How many seals a second one core sets in a PDF, with the share of each step, and how long a check takes. Prints one
//! JSON object. Run by `cargo xtask bench`.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark that can't run must say so and stop")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use serde_json::{Value, json};
use sha2::Digest;
use zhongtai_impression::{Design, Drawing, Font};
use zhongtai_pades::{Placement, SealAppearance, SignatureFacts, sign, verify};
use zhongtai_pki::{Algorithm, Credential, SignError, Signer, TimeStamper, testing::World};

const FONT: &str = "/usr/share/fonts/opentype/noto/NotoSerifCJK-Bold.ttc";

/// Bytes of pictures in the two documents: a permit's, and a bundle's.
const SIZES: [(&str, usize); 2] = [("100 KB", 100_000), ("10 MB", 10_000_000)];

/// The best of so many rounds counts, as others use the machine too.
const ROUNDS: usize = 5;

fn main() {
    let world = World::at(Algorithm::EcdsaP256Sha256, SystemTime::now().try_into().expect("a time"));
    let file = std::fs::read(FONT).expect("a font: run `cargo xtask setup`");
    let font = Font::parse(&file, 2).expect("a font");
    let design = Design { code: Some("4418020012345".into()), ..Design::round("清远市清城区城市管理局") };
    let drawing = design.draw(&font).expect("a drawing");
    let documents = SIZES.map(|(name, size)| measure(&world, &drawing, name, &document(size)));
    let drawn = best(20, || drop(design.draw(&font).expect("a drawing")));
    println!("{}", json!({ "PDF seals, one core": documents, "draw a face, us": micros(drawn) }));
}

fn measure(world: &World, drawing: &Drawing, name: &str, pdf: &[u8]) -> Value {
    let times = if pdf.len() > 1_000_000 { 10 } else { 100 };
    let placement = Placement { page: 2, x_mm: 120.0, y_mm: 200.0 };
    let appearance = Some(SealAppearance { drawing, placement });
    let facts = SignatureFacts::at(world.now());
    let (in_signer, in_stamper) = (Arc::new(AtomicU64::new(0)), AtomicU64::new(0));
    let signer = Arc::new(Timed { inner: world.seal.signer.clone(), spent: in_signer.clone() });
    let credential = Credential { signer, chain: world.seal.chain.clone() };
    let stamper = TimedStamper { inner: &world.stamper, spent: &in_stamper };
    let seal = || sign(pdf, appearance, &credential, Some(&stamper), &facts).expect("a seal");

    let total = best(times, || drop(seal()));
    let runs = (times * ROUNDS) as u64;
    let mean = |spent: &AtomicU64| Duration::from_nanos(spent.load(Ordering::Relaxed) / runs);
    let (signing, stamping) = (mean(&in_signer), mean(&in_stamper));
    let content = best(times, || drop(std::hint::black_box(drawing.pdf_content())));
    let hash = best(times, || {
        std::hint::black_box(sha2::Sha256::digest(pdf));
    });
    let rest = total.saturating_sub(signing + stamping + content + hash);
    let sealed = seal();
    let trust = world.trust();
    let checking = best(times, || assert!(verify(&sealed, &trust).expect("a report").is_intact()));
    let share = |part: Duration| (part.as_secs_f64() / total.as_secs_f64() * 1000.0).round() / 10.0;
    json!({
        "document": name,
        "seals a second": (1.0 / total.as_secs_f64()).round(),
        "one seal, us": micros(total),
        "share, %": {
            "sign (P-256)": share(signing), "time stamp (built in)": share(stamping), "hash the file": share(hash),
            "write the drawing": share(content), "read, pack, append": share(rest),
        },
        "verify, us": micros(checking),
        "grows by, bytes": sealed.len() - pdf.len(),
    })
}

/// The mean of `times` runs, in the best of some rounds.
fn best(times: usize, run: impl Fn()) -> Duration {
    let round = || {
        let begun = Instant::now();
        (0..times).for_each(|_| run());
        begun.elapsed() / u32::try_from(times).unwrap_or(u32::MAX)
    };
    (0..ROUNDS).map(|_| round()).min().unwrap_or_default()
}

fn micros(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e7).round() / 10.0
}

/// Two pages, and a stream of `size` bytes.
fn document(size: usize) -> Vec<u8> {
    let picture =
        [format!("<</Length {size}>>\nstream\n").into_bytes(), vec![b'0'; size], b"\nendstream".to_vec()].concat();
    let page = || b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<<>>>>".to_vec();
    let objects = [
        b"<</Type/Catalog/Pages 2 0 R>>".to_vec(),
        b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>".to_vec(),
        page(),
        page(),
        picture,
    ];
    let (mut pdf, mut table) = (b"%PDF-1.7\n".to_vec(), b"xref\n0 6\n0000000000 65535 f\r\n".to_vec());
    for (number, object) in objects.into_iter().enumerate() {
        table.extend(format!("{:010} 00000 n\r\n", pdf.len()).into_bytes());
        pdf.extend([format!("{} 0 obj\n", number + 1).into_bytes(), object, b"\nendobj\n".to_vec()].concat());
    }
    let start = pdf.len();
    pdf.extend(table);
    pdf.extend(format!("trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").into_bytes());
    pdf
}

/// Adds up the time that signatures take.
#[derive(Debug)]
struct Timed {
    inner: Arc<dyn Signer>,
    spent: Arc<AtomicU64>,
}

impl Signer for Timed {
    fn algorithm(&self) -> Algorithm {
        self.inner.algorithm()
    }

    fn public_key(&self) -> &[u8] {
        self.inner.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        spend(&self.spent, || self.inner.sign(message))
    }
}

/// Adds up the time that stamps take.
struct TimedStamper<'a> {
    inner: &'a dyn TimeStamper,
    spent: &'a AtomicU64,
}

impl TimeStamper for TimedStamper<'_> {
    fn stamp(&self, imprint: &[u8; 32]) -> Result<Vec<u8>, SignError> {
        spend(self.spent, || self.inner.stamp(imprint))
    }
}

fn spend<T>(spent: &AtomicU64, run: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = run();
    spent.fetch_add(begun.elapsed().as_nanos().try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
    done
}
