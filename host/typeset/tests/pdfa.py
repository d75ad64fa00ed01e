"""Looks for what PDF/A-2b (ISO 19005-2) asks of a file and a program can see. It is no full validator.

    python pdfa.py FILE

Prints what is wrong, a line each, and then `checked N fonts on M pages`. Reads the file with pyHanko, not with what
wrote it.
"""
import re
import sys
from io import BytesIO

from pyhanko.pdf_utils.reader import PdfFileReader

data = open(sys.argv[1], "rb").read()
wrong = []


def check(holds, clause, what):
    if not holds:
        wrong.append(f"{clause}: {what}")


def get(dictionary, key, default=None):
    """The entry itself, not a reference to it."""
    return dictionary[key] if key in dictionary else default


def entries(array):
    return [one.get_object() if hasattr(one, "get_object") else one for one in array]


reader = PdfFileReader(BytesIO(data), strict=True)
root, trailer = reader.root, reader.trailer

# 6.1 File structure.
check(re.match(rb"%PDF-1\.[0-7]\n%[\x80-\xff]{4}", data), "6.1.2", "header and a comment of four bytes above 127")
check(len(trailer["/ID"]) == 2, "6.1.3", "an identifier in the trailer")
check("/Encrypt" not in trailer, "6.1.3", "no encryption")
check(data.rstrip().endswith(b"%%EOF"), "6.1.3", "nothing after the end")
check("/OCProperties" not in root, "6.1.11", "no optional content here")

# 6.2.3 Output intent.
intents = [one for one in entries(get(root, "/OutputIntents", [])) if one["/S"] == "/GTS_PDFA1"]
check(len(intents) == 1, "6.2.3", "one output intent for PDF/A")
for intent in intents:
    profile = intent["/DestOutputProfile"]
    icc = profile.data
    check(icc[36:40] == b"acsp" and icc[16:20] == b"RGB " and profile["/N"] == 3, "6.2.3", "an RGB profile")
    check(icc[8] in (2, 4), "6.2.3", "a profile of version 2 or 4")

# 6.6.2 and 6.6.4: metadata, and what it says the file is.
metadata = root["/Metadata"].data.decode()
for element in ["<pdfaid:part>2</pdfaid:part>", "<pdfaid:conformance>B</pdfaid:conformance>"]:
    check(element in metadata, "6.6.4", element)
info = get(trailer, "/Info")
if info is not None:
    check(str(info["/Title"]) in metadata, "6.6.2.1", "the same title in both")

# 6.4, 6.5: no actions, scripts, attachments, forms.
for key in ["/AA", "/OpenAction", "/AcroForm", "/AF", "/Requirements"]:
    check(key not in root, "6.5", f"no {key}")
for key in ["/EmbeddedFiles", "/JavaScript", "/AlternatePresentations"]:
    check(key not in get(root, "/Names", {}), "6.5", f"no {key}")


def pages(node):
    if node["/Type"] == "/Pages":
        for kid in entries(node["/Kids"]):
            yield from pages(kid)
    else:
        yield node


fonts = set()


def resources(node, inherited=None):
    found = get(node, "/Resources", inherited) or {}
    for font in entries(get(found, "/Font", {}).values()):
        check_font(font)
    for state in entries(get(found, "/ExtGState", {}).values()):
        check("/TR" not in state and "/HTP" not in state, "6.2.5", "no transfer functions")
        check(get(state, "/BM", "/Normal") in ("/Normal", "/Compatible"), "6.2.10", "no blending")
        check(get(state, "/CA", 1) == 1 and get(state, "/ca", 1) == 1, "6.2.10", "no transparency")
    for thing in entries(get(found, "/XObject", {}).values()):
        check("/Alternates" not in thing and "/OPI" not in thing and "/PS" not in thing, "6.2.8", "plain XObjects")
        check(not get(thing, "/Interpolate", False), "6.2.8", "no interpolation")
        if thing["/Subtype"] == "/Form":
            resources(thing)
    for space in entries(get(found, "/ColorSpace", {}).values()):
        check("/DeviceCMYK" not in repr(space), "6.2.4.3", "no DeviceCMYK under an RGB intent")


def check_font(font):
    name = str(font["/BaseFont"])
    if name in fonts:
        return
    fonts.add(name)
    check(re.match(r"/[A-Z]{6}\+", name), "6.2.11.4", f"{name}: a subset")
    check("/ToUnicode" in font, "6.2.11.7", f"{name}: a map to Unicode")
    check(font["/Subtype"] == "/Type0", "6.2.11.3", f"{name}: a composite font")
    check(font["/Encoding"] in ("/Identity-H", "/Identity-V"), "6.2.11.3.3", f"{name}: its encoding")
    inner = entries(font["/DescendantFonts"])[0]
    descriptor = inner["/FontDescriptor"]
    if inner["/Subtype"] == "/CIDFontType2":
        check("/CIDToGIDMap" in inner, "6.2.11.3.2", f"{name}: a map of glyphs")
        check("/FontFile2" in descriptor, "6.2.11.4", f"{name}: embedded")
    else:
        check("/FontFile3" in descriptor, "6.2.11.4", f"{name}: embedded")
    check("/W" in inner, "6.2.11.5", f"{name}: widths")


count = 0
for page in pages(root["/Pages"]):
    count += 1
    resources(page, get(root["/Pages"], "/Resources"))
    check("/AA" not in page, "6.5.2", "no actions of a page")
    for note in entries(get(page, "/Annots", [])):
        check(int(get(note, "/F", 0)) & 4, "6.3.2", "annotations are printed")

for line in wrong:
    print(line)
print(f"checked {len(fonts)} fonts on {count} pages")
