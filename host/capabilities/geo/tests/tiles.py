"""What a decoder that is not ours (mapbox-vector-tile on protobuf) says of tiles, as JSON.

tiles.py read TILE              the layers, with every feature's properties, kind, validity and area
tiles.py compare OURS THEIRS    by layer and id: what only one has, and how far shared features are apart
"""
import json
import sys

import mapbox_vector_tile
from shapely.geometry import shape


def layers(path):
    with open(path, "rb") as file:
        return mapbox_vector_tile.decode(file.read(), default_options={"y_coord_down": True})


def read(path):
    out = {}
    for name, layer in layers(path).items():
        features = []
        for feature in layer["features"]:
            figure = shape(feature["geometry"])
            features.append({
                "properties": feature["properties"],
                "kind": feature["geometry"]["type"],
                "valid": figure.is_valid,
                "area": figure.area,
                "bounds": figure.bounds,
            })
        out[name] = {"version": layer["version"], "extent": layer["extent"], "features": features}
    return out


def compare(ours, theirs):
    ours, theirs = layers(ours), layers(theirs)
    out = {}
    for name in sorted(set(ours) | set(theirs)):
        of = lambda tile: {f["properties"]["id"]: f for f in tile.get(name, {"features": []})["features"]}
        a, b = of(ours), of(theirs)
        apart, names = 0.0, True
        for id in set(a) & set(b):
            one, other = shape(a[id]["geometry"]), shape(b[id]["geometry"])
            # Units: between points the distance; between areas what only one covers, by the length of the border.
            if one.length == 0:
                apart = max(apart, one.distance(other))
            else:
                apart = max(apart, one.symmetric_difference(other).area / other.length)
            names = names and a[id]["properties"].get("name") == b[id]["properties"].get("name")
        out[name] = {
            "shared": len(set(a) & set(b)),
            "only_ours": [shape(a[id]["geometry"]).area for id in set(a) - set(b)],
            "only_theirs": [shape(b[id]["geometry"]).area for id in set(b) - set(a)],
            "apart": apart,
            "same_names": names,
        }
    return out


print(json.dumps(read(sys.argv[2]) if sys.argv[1] == "read" else compare(*sys.argv[2:4])))
