#!/bin/sh
# Flower's IidPartitioner deals rows in their order: of a file that is sorted by class each client has classes of its own.
#
# Guess:    it shuffles, by a seed: "each partition sampled randomly from the dataset" is its description.
# Instead:  100 rows, sorted into ten classes, for 5 clients: client 0 has rows 0 to 19, classes 0 and 1 alone, as by PathologicalPartitioner.
#           There is no seed to give. Shuffled by Dataset.shuffle first (which FederatedDataset does by itself with what it downloads),
#           every client has seven classes or more. SizePartitioner and LinearPartitioner cut in order, too.
#           Seen with flwr-datasets 0.6.1, datasets 4.8.5, 2026-11-30.
# For ntkit: `--split iid` shuffles by --seed, `by-label` sorts first (docs/training.md). A file for `--split FILE` that is made with
#           IidPartitioner of sorted rows, as iris and many others are, is the split by-label.
set -eu
export LC_ALL=C HF_HUB_OFFLINE=1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check --only-binary :all: flwr-datasets==0.6.1 datasets==4.8.5
export HF_HOME="$dir"
cd "$dir"
cat >expected <<'END'
flwr-datasets 0.6.1 datasets 4.8.5
iid, as it is: rows 0 to 19 | 20 to 39 | 40 to 59 | 60 to 79 | 80 to 99; classes 0 1 | 2 3 | 4 5 | 6 7 | 8 9
iid, shuffled first: at least 7 classes each
sizes of linear: 6 13 20 26 35, in order
END
cat >show.py <<'END'
from importlib.metadata import version

from datasets import Dataset
from flwr_datasets.partitioner import IidPartitioner, LinearPartitioner

print("flwr-datasets", version("flwr-datasets"), "datasets", version("datasets"))
rows = Dataset.from_dict({"row": list(range(100)), "label": [row // 10 for row in range(100)]})


def dealt(partitioner, dataset):
    partitioner.dataset = dataset
    return [partitioner.load_partition(client) for client in range(5)]


parts = dealt(IidPartitioner(num_partitions=5), rows)
print("iid, as it is: rows", " | ".join(f"{p['row'][0]} to {p['row'][-1]}" for p in parts) + "; classes",
      " | ".join(" ".join(map(str, sorted(set(p["label"])))) for p in parts))
parts = dealt(IidPartitioner(num_partitions=5), rows.shuffle(seed=1))
print("iid, shuffled first: at least", min(7, *(len(set(p["label"])) for p in parts)), "classes each")
parts = dealt(LinearPartitioner(num_partitions=5), rows)
print("sizes of linear:", *map(len, parts), end=", ")
print("in order" if [row for p in parts for row in p["row"]] == list(range(sum(map(len, parts)))) else "not in order")
END
venv/bin/python show.py >seen
cat seen
diff expected seen && echo "as expected"
