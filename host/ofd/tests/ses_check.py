"""An independent check of the seals of an OFD file: GB/T 33190 and GB/T 38540 (version 4), with asn1crypto and gmssl.

    ses_check.py FILE [FOLDER]

Prints one JSON object for each seal. Writes what OpenSSL needs to check the signatures into FOLDER.
"""

import base64
import json
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

from asn1crypto import core, x509
from gmssl import func, sm2, sm3

OFD = "{http://www.ofdspec.org/2016}"
SM2_WITH_SM3 = "1.2.156.10197.1.501"
SM3 = "1.2.156.10197.1.401"


class ExtData(core.Sequence):
    _fields = [
        ("extnID", core.ObjectIdentifier),
        ("critical", core.Boolean, {"default": False}),
        ("extnValue", core.OctetString),
    ]


class ExtensionDatas(core.SequenceOf):
    _child_spec = ExtData


class Header(core.Sequence):
    _fields = [("ID", core.IA5String), ("version", core.Integer), ("Vid", core.IA5String)]


class Certificates(core.SequenceOf):
    _child_spec = core.OctetString


class Property(core.Sequence):
    _fields = [
        ("type", core.Integer),
        ("name", core.UTF8String),
        ("certListType", core.Integer),
        ("certList", Certificates),
        ("createDate", core.GeneralizedTime),
        ("validStart", core.GeneralizedTime),
        ("validEnd", core.GeneralizedTime),
    ]


class Picture(core.Sequence):
    _fields = [
        ("type", core.IA5String),
        ("data", core.OctetString),
        ("width", core.Integer),
        ("height", core.Integer),
    ]


class SealInfo(core.Sequence):
    _fields = [
        ("header", Header),
        ("esID", core.IA5String),
        ("property", Property),
        ("picture", Picture),
        ("extDatas", ExtensionDatas, {"explicit": 0, "optional": True}),
    ]


class Seal(core.Sequence):
    _fields = [
        ("eSealInfo", SealInfo),
        ("cert", core.OctetString),
        ("signAlgID", core.ObjectIdentifier),
        ("signedValue", core.OctetBitString),
    ]


class TBSSign(core.Sequence):
    _fields = [
        ("version", core.Integer),
        ("eseal", Seal),
        ("timeInfo", core.GeneralizedTime),
        ("dataHash", core.OctetBitString),
        ("propertyInfo", core.IA5String),
        ("extDatas", ExtensionDatas, {"explicit": 0, "optional": True}),
    ]


class SESSignature(core.Sequence):
    _fields = [
        ("toSign", TBSSign),
        ("cert", core.OctetString),
        ("signatureAlgID", core.ObjectIdentifier),
        ("signature", core.OctetBitString),
        ("timeStamp", core.OctetBitString, {"explicit": 0, "optional": True}),
    ]


class Pair(core.Sequence):
    _fields = [("r", core.Integer), ("s", core.Integer)]


def digest(data):
    return bytes.fromhex(sm3.sm3_hash(func.bytes_to_list(data)))


def holds(certificate, message, signature):
    """Whether an SM2 signature is of the message, with the id that GB/T 35276 gives."""
    key = x509.Certificate.load(certificate)["tbs_certificate"]["subject_public_key_info"]["public_key"]
    point = key.contents[1:]
    assert len(point) == 65 and point[0] == 4
    pair = Pair.load(signature, strict=True)
    raw = "%064x%064x" % (pair["r"].native, pair["s"].native)
    verifier = sm2.CryptSM2(private_key="", public_key="")
    # Not given to the constructor: that takes zeros and fours off the front of some keys.
    verifier.public_key = point[1:].hex()
    return bool(verifier.verify_with_sm3(raw, message))


def check(package, names, location, folder):
    description = package.read(location)
    root = ET.fromstring(description)
    info = root.find(OFD + "SignedInfo")
    references = info.find(OFD + "References")
    digests = {
        one.get("FileRef").lstrip("/"): base64.b64decode(one.find(OFD + "CheckValue").text) for one in references
    }
    value_at = root.find(OFD + "SignedValue").text.lstrip("/")
    value = SESSignature.load(package.read(value_at), strict=True)
    tbs, seal = value["toSign"], value["toSign"]["eseal"]
    seal_info, certificate = seal["eSealInfo"], value["cert"].native
    if folder:
        write(folder, value)
    return {
        "methods": [info.find(OFD + "SignatureMethod").text, references.get("CheckMethod")] == [SM2_WITH_SM3, SM3],
        "digests": all(name in names and digest(package.read(name)) == value for name, value in digests.items()),
        "covered": sorted(digests),
        "versions": [tbs["version"].native, seal_info["header"]["version"].native, seal_info["header"]["ID"].native],
        "dataHash": tbs["dataHash"].native == digest(description),
        "propertyInfo": tbs["propertyInfo"].native.lstrip("/") == location,
        "signature": holds(certificate, tbs.dump(), value["signature"].native),
        "sealSignature": holds(seal["cert"].native, seal_info.dump(), seal["signedValue"].native),
        "algorithms": [value["signatureAlgID"].dotted, seal["signAlgID"].dotted] == [SM2_WITH_SM3] * 2,
        "listed": certificate in [one.native for one in seal_info["property"]["certList"]],
        "sealFile": package.read(info.find(OFD + "Seal").find(OFD + "BaseLoc").text.lstrip("/")) == seal.dump(),
        "name": seal_info["property"]["name"].native,
        "inValidity": seal_info["property"]["validStart"].native
        <= tbs["timeInfo"].native
        <= seal_info["property"]["validEnd"].native,
        "stamped": value["timeStamp"].native is not None,
    }


def write(folder, value):
    """The parts that `openssl pkeyutl` and `openssl ts` take."""
    seal = value["toSign"]["eseal"]
    parts = {
        "signer.der": value["cert"].native,
        "signed.der": value["toSign"].dump(),
        "signature.der": value["signature"].native,
        "maker.der": seal["cert"].native,
        "seal-info.der": seal["eSealInfo"].dump(),
        "seal-signature.der": seal["signedValue"].native,
        "ses.der": value.dump(),
        "stamp.der": value["timeStamp"].native or b"",
    }
    for name, data in parts.items():
        (folder / name).write_bytes(data)


def main():
    folder = Path(sys.argv[2]) if len(sys.argv) > 2 else None
    with zipfile.ZipFile(sys.argv[1]) as package:
        names = package.namelist()
        body = ET.fromstring(package.read("OFD.xml")).find(OFD + "DocBody")
        listed = body.find(OFD + "Signatures").text.lstrip("/")
        for entry in ET.fromstring(package.read(listed)).findall(OFD + "Signature"):
            print(json.dumps(check(package, names, entry.get("BaseLoc").lstrip("/"), folder)))


main()
