#!/bin/sh
# Checks a Debian package of ntkit: its dependencies are those that its program and libraries are
# linked with and no development files, and unpacked anywhere it runs, with pages and headers there.
# usage: tools/check_package.sh FILE.deb
set -eu
package=$1
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
fail() {
  echo "check_package: $*" >&2
  exit 1
}

dpkg-deb -x "$package" "$root"
depends=$(dpkg-deb -f "$package" Depends)
for library in libc6 libgomp1 libjansson4 libopenblas0 libsleef3 libsqlite3-0 libyaml-0-2 zlib1g; do
  case $depends in
  *"$library"*) ;;
  *) fail "it does not depend on $library: $depends" ;;
  esac
done
case $depends in
*-dev*) fail "it depends on development files: $depends" ;;
esac

lib=$(dirname "$(find "$root" -name 'libntkit.so')")
export LD_LIBRARY_PATH="$lib"
for file in "$root/usr/bin/ntkit" "$lib"/*.so; do
  if ldd "$file" | grep 'not found'; then fail "$file lacks the above"; fi
done
[ "$("$root/usr/bin/ntkit" selftest | tail -n 1)" = '8 checks, 0 failed' ] || fail "its self-test fails"
for path in include/ntkit/ntkit.h share/man/man1/ntkit.1 share/bash-completion/completions/ntkit \
  share/doc/ntkit/copyright; do
  [ -s "$root/usr/$path" ] || fail "no $path"
done
pc=$lib/pkgconfig
[ "$(PKG_CONFIG_PATH=$pc pkg-config --modversion ntkit_study)" = "$(dpkg-deb -f "$package" Version)" ] ||
  fail "pkg-config tells another version"
echo "check_package: ${package##*/}: fine"
