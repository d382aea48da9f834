# jinmu: build, check, demo, bench, install. Debian 12; `make setup` installs what is missing.
#
#   make            programs in build/bin (build/bin/jinmu is the command line)
#   make demo       import both catalogs, classify a sample document through real services
#   make check      all tests
#   make chaos      100,000 projects while processes are killed, stopped, cut off (SEED=1)
#   make check-asan all tests under AddressSanitizer and UndefinedBehaviorSanitizer
#   make check-tsan the services' tests under ThreadSanitizer
#   make check-valgrind  importer and engine under valgrind
#   make fuzz       each fuzz target for FUZZ_SECONDS, beginning with tests/fuzz/corpus

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := 0.1.0

CC       = gcc
LIBS     = libczmq libzmq libpcre2-16 sqlite3 jansson yajl libutf8proc libsodium xlsxwriter libzstd \
           libmicrohttpd zlib libcurl
# A core -O3 build: the engine's inner loops are what make bench measures.
CFLAGS  ?= -O3 -g
# override: check-asan and fuzz give CFLAGS of their own, and the sanitizers must not be lost with it.
override CFLAGS += $(SANITIZE)
STANDARD = -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wshadow -Wconversion -Werror -fno-strict-aliasing
# -isystem: czmq's own headers do not compile cleanly with our warnings.
PACKAGES_CFLAGS = $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(LIBS)))
PACKAGES_LIBS   = $(shell pkg-config --libs $(LIBS)) -lcsv -lm
CPPFLAGS += -I. -I$(BUILD)/gen -DJINMU_VERSION='"$(VERSION)"' -DJINMU_DATA_DIR='"$(DATA_DIR)"' \
            -DJINMU_PAGE_DIR='"$(PAGE_DIR)"'
DATA_DIR ?= $(CURDIR)/catalog/data
PAGE_DIR ?= $(CURDIR)/services/gateway/page
SHARE     = $(DESTDIR)$(PREFIX)/share/jinmu

sources_of = $(filter-out %/main.c %_gen.c,$(wildcard $(addsuffix /*.c,$(1))))
LIB_SRC   := $(call sources_of,common catalog $(patsubst %/,%,$(sort $(dir $(wildcard catalog/*/*.c)))))
SERVICES  := $(notdir $(patsubst %/,%,$(dir $(wildcard services/*/main.c))))
SVC_SRC   := $(call sources_of,$(addprefix services/,$(SERVICES)))
INSTALLED  = $(PROGRAMS:$(BUILD)/bin/%=$(BUILD)/installed/%)
PROGRAMS  := $(foreach s,$(SERVICES),$(BUILD)/bin/$(if $(filter cli,$(s)),jinmu,jinmu-$(s)))
TEST_SRC  := $(sort $(wildcard tests/*/test_*.c))
TESTS     := $(patsubst tests/%.c,$(BUILD)/tests/%,$(TEST_SRC))
TEST_LIB  := $(filter-out $(TEST_SRC),$(wildcard tests/*.c tests/*/*.c))
TEST_LIB  := $(filter-out tests/bench/%.c tests/fuzz/%.c,$(TEST_LIB))
FUZZERS   := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
REPLAYS   := $(patsubst $(BUILD)/fuzz/fuzz_%,$(BUILD)/fuzz/replay_%,$(FUZZERS))
BENCHES   := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(wildcard tests/bench/bench_*.c))
BENCH_LIB := $(filter-out tests/bench/bench_%.c,$(wildcard tests/bench/*.c))
EMBEDDED  := $(wildcard catalog/*.sql catalog/*/*.sql services/*/*.sql services/*/*.css services/*/*.json)
GENERATED := $(patsubst %,$(BUILD)/gen/%.h,$(EMBEDDED)) \
             $(BUILD)/gen/common/variants.h

.SECONDARY:

object = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(shell nproc)
endif
# make V=1 shows whole commands
Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))

.PHONY: all setup page check check-web bench-web check-run check-asan check-tsan check-valgrind chaos demo bench fuzz fuzzers lint install install-files again clean programs format tests
all: setup
	@$(MAKE) --no-print-directory programs page
programs: $(PROGRAMS)

setup:
	@deploy/setup.sh build check

$(BUILD)/obj/%.o: %.c | $(GENERATED)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(STANDARD) $(CFLAGS) $(CPPFLAGS) $(PACKAGES_CFLAGS) -MMD -MP -c $< -o $@

# Two npm libraries of the review page, as their lock file says: zip for .xlsx, CSV. Without npm the page
# works, but reads and writes no sheets.
PAGE_LIBS = $(addprefix services/gateway/page/lib/,fflate.js d3-dsv.mjs)
NPM_CI    = npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
page:
	@{ command -v npm >/dev/null && $(MAKE) --no-print-directory $(PAGE_LIBS) >/dev/null; } || \
	  echo "page: npm is absent or failed: the review page will not read or write sheets"
%/node_modules/.package-lock.json: %/package-lock.json
	$(Q)cd $* && $(NPM_CI) >/dev/null && touch node_modules/.package-lock.json
services/gateway/page/lib/fflate.js: services/gateway/node_modules/.package-lock.json
	@mkdir -p $(@D) && cp services/gateway/node_modules/fflate/esm/browser.js $@
services/gateway/page/lib/d3-dsv.mjs: services/gateway/node_modules/.package-lock.json
	@mkdir -p $(@D) && cp services/gateway/node_modules/d3-dsv/dist/d3-dsv.mjs $@

# A schema is a .sql file that a person can read, a style sheet a .css file; the program carries them
# as strings: NAME_sql, NAME_css.
$(patsubst %,$(BUILD)/gen/%.h,$(EMBEDDED)): $(BUILD)/gen/%.h: %
	@mkdir -p $(@D)
	@{ echo 'static const char $(subst .,_,$(notdir $*))[] ='; \
	   sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/    "&\\n"/' $<; echo '    ;'; } > $@

$(BUILD)/gen/common/variants.h: common/variants_gen.c
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)$(CC) -std=c11 -Wall -Wextra -Werror $< $$(pkg-config --cflags --libs opencc) -o $(BUILD)/gen/variants_gen
	$(Q)$(BUILD)/gen/variants_gen > $@.new && mv $@.new $@

$(BUILD)/libjinmu.a: $(call object,$(LIB_SRC))
	@rm -f $@
	$(call say,AR,$@)
	$(Q)ar rcs $@ $^
$(BUILD)/libservices.a: $(call object,$(SVC_SRC))
	@rm -f $@
	$(call say,AR,$@)
	$(Q)ar rcs $@ $^
$(BUILD)/libtests.a: $(call object,$(TEST_LIB))
	@rm -f $@
	$(call say,AR,$@)
	$(Q)ar rcs $@ $^

define program_rule
$(BUILD)/bin/$(if $(filter cli,$(1)),jinmu,jinmu-$(1)): $(BUILD)/obj/services/$(1)/main.o \
	$(BUILD)/libservices.a $(BUILD)/libjinmu.a
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(Q)$$(CC) $$(CFLAGS) $$^ $$(PACKAGES_LIBS) -o $$@
$(BUILD)/installed/$(if $(filter cli,$(1)),jinmu,jinmu-$(1)): $(BUILD)/obj/services/$(1)/main.o \
	$(BUILD)/installed/places.o $(BUILD)/libservices.a $(BUILD)/libjinmu.a
	$$(call say,LINK,$$@)
	$$(Q)$$(CC) $$(CFLAGS) $$^ $$(PACKAGES_LIBS) -o $$@
endef
$(foreach s,$(SERVICES),$(eval $(call program_rule,$(s))))

# What is installed differs from what is built in this alone; made each time, for PREFIX may be another.
$(BUILD)/installed/places.o: DATA_DIR = $(PREFIX)/share/jinmu
$(BUILD)/installed/places.o: PAGE_DIR = $(PREFIX)/share/jinmu/page
$(BUILD)/installed/places.o: common/places.c common/places.h again
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(STANDARD) $(CFLAGS) $(CPPFLAGS) -c $< -o $@

$(BUILD)/tests/%: $(BUILD)/obj/tests/%.o $(if $(TEST_LIB),$(BUILD)/libtests.a) $(BUILD)/libservices.a $(BUILD)/libjinmu.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $^ $(PACKAGES_LIBS) -lcmocka -o $@
$(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o $(call object,$(BENCH_LIB)) $(BUILD)/libservices.a $(BUILD)/libjinmu.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $^ $(PACKAGES_LIBS) -o $@

# The same target with a main of ours, which runs the kept inputs, and with the fuzzer's.
$(BUILD)/fuzz/replay_%: $(call object,tests/fuzz/fuzz_%.c tests/fuzz/promise.c tests/fuzz/replay.c) \
	$(BUILD)/libservices.a $(BUILD)/libjinmu.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $^ $(PACKAGES_LIBS) -o $@
$(BUILD)/fuzz/fuzz_%: $(call object,tests/fuzz/fuzz_%.c tests/fuzz/promise.c) \
	$(BUILD)/libservices.a $(BUILD)/libjinmu.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer $^ $(PACKAGES_LIBS) -o $@

check: setup
	@$(MAKE) --no-print-directory check-run
tests: $(TESTS) $(REPLAYS)
check-run: programs tests
	@tests/run.sh $(BUILD) $(TESTS)

# The review page in a real browser, against the real services.
check-web:
	@deploy/setup.sh build check web
	@command -v npm >/dev/null || deploy/setup.sh node
	@$(MAKE) -s --no-print-directory programs page tests/web/node_modules/.package-lock.json
	@cd tests/web && BUILD=$(BUILD) node --test --test-reporter=./report.js web.test.js

bench-web: programs page tests/web/node_modules/.package-lock.json
	@cd tests/web && BUILD=$(BUILD) node bench.js

# JINMU_BRIEF: tests that go through many like cases take a part of them.
check-asan:
	@deploy/setup.sh build check asan
	@JINMU_BRIEF=1 ASAN_OPTIONS=malloc_context_size=8:quarantine_size_mb=8:thread_local_quarantine_size_kb=64 \
	  $(MAKE) --no-print-directory check-run BUILD=build-asan \
	  CFLAGS='-O1 -g -fno-omit-frame-pointer -Wno-format-truncation' SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all'

# The services. Of libraries that are not built for it ThreadSanitizer sees no locks, and believes
# everything that they do to be a race: their own accesses are left out.
check-tsan:
	@deploy/setup.sh build check asan
	@TSAN_OPTIONS='ignore_noninstrumented_modules=1 exitcode=66' $(MAKE) --no-print-directory check-run \
	  BUILD=build-tsan CFLAGS='-O1 -g -Wno-tsan -Wno-format-truncation' SANITIZE=-fsanitize=thread \
	  TESTS='$(patsubst tests/%.c,build-tsan/tests/%,$(wildcard tests/services/test_*.c tests/e2e/test_*.c))'

# The importer and the engine, in the tests that stay in one process. Not the rules: what PCRE2 compiles
# at run time valgrind takes for reads of uninitialised memory.
VALGRIND_TESTS = import_code import_refused import_text catalog_settle catalog_build trie reading \
                 thesaurus directory rank kind judge
check-valgrind:
	@deploy/setup.sh build check valgrind
	@$(MAKE) --no-print-directory $(VALGRIND_TESTS:%=$(BUILD)/tests/catalog/test_%)
	@tests/valgrind.sh $(VALGRIND_TESTS:%=$(BUILD)/tests/catalog/test_%)

FUZZ_SECONDS ?= 600
# Without pointer-overflow: clang's reports NULL + 0 of empty texts, which C2y defines.
fuzz:
	@deploy/setup.sh build fuzz
	@$(MAKE) --no-print-directory fuzzers BUILD=build-fuzz CC=clang CFLAGS='-O1 -g -fno-omit-frame-pointer -w' \
	  SANITIZE='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=pointer-overflow -fno-sanitize-recover=all'
	@tests/fuzz/run.sh build-fuzz $(FUZZ_SECONDS)
fuzzers: $(FUZZERS)

demo: all
	@deploy/demo.sh $(BUILD)

SEED ?= 1
chaos: setup
	@$(MAKE) --no-print-directory programs
	@JINMU_BIN=$(BUILD)/bin SEED=$(SEED) /usr/bin/python3 tests/e2e/chaos.py

bench:
	@deploy/setup.sh build bench
	@$(MAKE) --no-print-directory programs
	@$(MAKE) --no-print-directory $(BENCHES)
	@tests/bench/run.sh $(BUILD)

# varFuncNullUB: NULL is a pointer in C.
C_FILES = $(shell git ls-files -co --exclude-standard '*.c' '*.h')
lint:
	@deploy/setup.sh build lint
	@$(MAKE) --no-print-directory $(GENERATED)
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	$(Q)cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
	  --suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
	  --suppress=varFuncNullUB \
	  '-Djson_object_foreach(o,k,v)=while((k=0)+(v=0))' '-Djson_array_foreach(a,i,v)=while((i=0)+(v=0))' \
	  --error-exitcode=1 -D_GNU_SOURCE -I. $(filter %.c,$(C_FILES))
format:
	$(Q)clang-format -i $(C_FILES)

install: all
	@$(MAKE) --no-print-directory install-files
# Without `setup` and `page`. What a keeper has put or changed among the data stays.
install-files: $(INSTALLED)
	install -d $(SHARE) $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/systemd/system \
	  $(DESTDIR)$(PREFIX)/lib/sysusers.d
	install -m 755 $(INSTALLED) $(DESTDIR)$(PREFIX)/bin/
	deploy/install-data.sh catalog/data $(SHARE)
	rm -rf $(SHARE)/page
	cp -r --no-preserve=all services/gateway/page $(SHARE)/
	chmod -R u=rwX,go=rX $(SHARE)
	install -m 644 deploy/jinmu.zpl.example $(SHARE)/
	for unit in deploy/systemd/*.service; do \
	  sed 's#/usr/local#$(PREFIX)#g' $$unit > $(DESTDIR)$(PREFIX)/lib/systemd/system/$${unit##*/}; done
	chmod 644 $(DESTDIR)$(PREFIX)/lib/systemd/system/jinmu-*.service
	install -m 644 deploy/systemd/jinmu.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/jinmu.conf

clean:
	rm -rf build build-asan build-fuzz

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
