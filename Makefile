# The front door: every target runs from a fresh clone and can be run again. CMake does the work;
# see CMakePresets.json for the configurations and CMakeLists.txt for the build itself.
.POSIX:
.PHONY: help demo test test-python test-peers test-arm64 mpi wheel build bench bench-train bench-peers format lint reference docs install package clean bootstrap

PREFIX = /usr/local
DESTDIR =
RELEASE = build/release

help:
	@echo 'make demo      install what is missing, build, run the main job: table and figure in demo/'
	@echo 'make test      install what is missing, build, and run all tests'
	@echo 'make wheel     the Python package, in dist/, for every Python from 3.9'
	@echo 'make test-python  that wheel in new virtual environments: its tests, ruff, mypy'
	@echo 'make test-peers  trained models and kernels of PyTorch, JAX, Keras, ... against ntkit in Python (9 GB)'
	@echo 'make test-arm64  the quick tests on arm64: cross-compiled, emulated (half an hour or more)'
	@echo 'make mpi       the library and program for several processes that compute together (MPI), in build/mpi; tests'
	@echo 'make build     the optimised library and program, in $(RELEASE)'
	@echo 'make bench     every phase as a share of what the machine could do (LARGE=large: N = 20,000 too)'
	@echo 'make bench-train  time a training epoch, against PyTorch and JAX where PYTHON or JAX_PYTHON has them'
	@echo 'make bench-peers  the same question asked of NumPy, PyTorch, JAX, ... (9 GB; WORDS: bench/peers.py)'
	@echo 'make format    lay out the sources with clang-format'
	@echo 'make lint      layout, clang-tidy and cppcheck; changes nothing'
	@echo 'make reference the public headers as pages, in build/reference/html'
	@echo 'make docs      the site: pages, tutorials, Python and C reference, in build/site'
	@echo 'make install   library, header, program and pages under PREFIX=$(PREFIX) (and DESTDIR)'
	@echo 'make package   a Debian package of all of it, in build/package'
	@echo 'make clean     remove build/, dist/ and demo/'

bootstrap:
	@tools/bootstrap.sh

build: bootstrap
	@echo '== build: $(RELEASE)'
	@test -f $(RELEASE)/build.ninja || cmake --preset release
	@cmake --build --preset release

demo: build
	@echo '== demo: tools/demo.sh'
	@NTKIT=$(RELEASE)/ntkit tools/demo.sh demo

test: build
	@cmake --build --preset release --target tests
	@echo '== test: ctest --preset release'
	@ctest --preset release

wheel:
	@tools/bootstrap.sh python
	@tools/python.sh wheel

test-python:
	@tools/bootstrap.sh python
	@tools/python.sh test

test-peers:
	@tools/bootstrap.sh python
	@tools/peers.sh test

test-arm64:
	@tools/bootstrap.sh
	@tools/arm64.sh

mpi:
	@tools/bootstrap.sh mpi
	@echo '== mpi: build/mpi'
	@test -f build/mpi/build.ninja || cmake --preset mpi
	@cmake --build --preset mpi
	@cmake --build --preset mpi --target ranks_tests
	@ctest --preset mpi

bench: build
	@cmake --build --preset release --target benches
	@echo '== bench: $(RELEASE)/ntkit_bench'
	@$(RELEASE)/ntkit_bench $(RELEASE)/ntkit $(LARGE)

bench-train: build
	@cmake --build --preset release --target benches
	@echo '== bench-train: bench/train.sh'
	@BUILD=$(RELEASE) bench/train.sh

bench-peers:
	@tools/bootstrap.sh python
	@tools/peers.sh bench $(WORDS)

format:
	@tools/bootstrap.sh lint
	@tools/lint.sh format

lint: build
	@tools/bootstrap.sh lint
	@tools/lint.sh

reference:
	@tools/bootstrap.sh reference
	@echo '== reference: build/reference/html'
	@mkdir -p build
	@doxygen docs/Doxyfile

docs:
	@tools/bootstrap.sh docs
	@tools/docs.sh

install: build
	@echo '== install: $(DESTDIR)$(PREFIX)'
	@DESTDIR='$(DESTDIR)' cmake --install $(RELEASE) --prefix '$(PREFIX)'

package: bootstrap
	@echo '== package: build/package'
	@cmake --preset package
	@cmake --build --preset package
	@rm -f build/package/*.deb
	@cd build/package && cpack
	@tools/check_package.sh build/package/ntkit_*.deb

clean:
	rm -rf build dist demo
