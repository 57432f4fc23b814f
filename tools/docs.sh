#!/bin/sh
# The site of the documents, in build/site: pages, tutorials that are run for it, both references. An
# environment of its own in build/docs has the package, built from this tree, and what
# docs/requirements.txt names. Warnings are errors.
# usage: tools/docs.sh [OPTIONS OF sphinx-build]    (PYTHON: 3.11 or newer; default: python3)
set -eu
cd "$(dirname "$0")/.."
work=build/docs
pip="$work/venv/bin/python -m pip --disable-pip-version-check"

[ -x $work/venv/bin/python ] || "${PYTHON:-python3}" -m venv $work/venv
if ! cmp -s docs/requirements.txt $work/installed.txt; then
  echo '== docs: what docs/requirements.txt names'
  $pip install -q -r docs/requirements.txt
  cp docs/requirements.txt $work/installed.txt
fi
echo '== docs: the package'
$pip install -q --no-deps --no-build-isolation --force-reinstall .

echo '== docs: build/site/index.html'
mkdir -p $work/doxygen
# For the site's pages Doxygen gives XML, whole comments, and examples as they stand.
doxygen - <<END
$(cat docs/Doxyfile)
OUTPUT_DIRECTORY = $work/doxygen
GENERATE_HTML = NO
GENERATE_XML = YES
JAVADOC_AUTOBRIEF = NO
FILTER_PATTERNS = "*.h=awk -v block=verbatim -f tools/reference.awk"
END
$work/venv/bin/sphinx-build -q -W --keep-going -c docs/site -d $work/doctrees "$@" . build/site
