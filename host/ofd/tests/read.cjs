// Reads an OFD file with ofd.js, a reader that others use, in a simulated browser. Prints what it finds as JSON.
//
//     node read.cjs FILE    (in a folder with the packages ofd.js and jsdom)
const { createRequire } = require("node:module");
const { readFileSync } = require("node:fs");
const installed = createRequire(process.cwd() + "/");

const { JSDOM } = installed("jsdom");
const { window } = new JSDOM("<!doctype html>");
// jsdom has no pictures; the reader waits for each to load.
class Picture {
  set src(_) {
    setTimeout(() => this.onload?.(), 0);
  }
}
// Nor does it know where a picture in a drawing comes from.
Object.defineProperty(window.SVGElement.prototype, "href", {
  get() {
    return (this.source ??= {});
  },
});
const share = ["document", "File", "Node", "DOMParser", "XMLSerializer", "HTMLElement"];
Object.assign(globalThis, { window, self: globalThis, Image: Picture });
for (const name of share) globalThis[name] = window[name];
console.log = () => {};

const ofd = installed("ofd.js/lib/ofd.umd.js");

const bytes = readFileSync(process.argv[2]);
ofd.parseOfdDocument({
  ofd: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
  fail: (error) => {
    process.stderr.write(`${error?.stack ?? error}\n`);
    process.exit(1);
  },
  // Digests are collected behind the reader's back: wait for them.
  success: (documents) => setTimeout(() => report(documents), 300),
});

function report(documents) {
  const [document] = documents;
  const pages = ofd.renderOfd(800, document);
  const stamps = Object.values(document.stampAnnot).flat();
  const found = {
    documents: documents.length,
    text: pages.map((page) => [...page.querySelectorAll("text")].map((one) => one.textContent).join("")),
    paths: pages.map((page) => page.querySelectorAll("path").length),
    images: pages.map((page) => page.querySelectorAll("image").length),
    seals: stamps.map(({ type, obj, stamp }) => {
      const { toSign } = stamp.sealObj.SES_Signature;
      const checked = globalThis.toBeChecked.get(stamp.signedInfo.signatureID);
      return {
        type,
        boundary: obj.boundary,
        name: toSign.eseal.esealInfo.property.name,
        version: stamp.sealObj.SES_Signature.realVersion,
        signature: stamp.sealObj.verifyRet,
        digests: checked ? ofd.digestCheck(checked) : null,
        files: checked?.length ?? 0,
      };
    }),
  };
  process.stdout.write(JSON.stringify(found), () => process.exit(0));
}
