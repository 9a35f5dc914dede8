# Every target runs on the Node of package-lock.json: npm puts node_modules/.bin first in the path.

menu: ## this menu
	@awk -F ':[^#]*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile

install: node_modules/.package-lock.json ## the packages of package-lock.json, if they are not there yet

demo: install ## the whole pipeline on this machine, with a real PostgreSQL; ARGS="--help" shows its options
	@npm run --silent weir -- demo $(ARGS)

test: install ## style, types and every test, with coverage
	@npm run --silent check
	@npm run --silent test

test-aws: install ## what can be tried of AWS without an account: an S3 API, the functions' bundles, the deployment; needs Python
	@node_modules/.bin/node test/aws/run.ts

bench: install ## the benchmarks; SCALE=0.1 makes them smaller
	@npm run --silent bench

screenshots: install ## the pictures of README.md, from a demo of its own; needs a Chromium
	@node_modules/.bin/node test/page/screenshots.ts

synth: install ## the CloudFormation templates of STAGE=dev or STAGE=prod, into cdk.out
	@npm run --silent cdk -- synth --quiet -c stage=$(STAGE) $(ARGS)

diff: install ## what a deployment of STAGE=… would change
	@npm run --silent cdk -- diff -c stage=$(STAGE) $(ARGS)

deploy: install ## deploys STAGE=… to the AWS account of your credentials
	@npm run --silent cdk -- deploy --all -c stage=$(STAGE) $(ARGS)

destroy: install ## takes STAGE=… down again; of prod only what can be rebuilt, never its data
	@if [ "$(STAGE)" = prod ]; then \
		echo 'prod keeps its data: weir-prod-data stays, only weir-prod-pipeline and weir-prod-quicksight go'; \
		npm run --silent cdk -- destroy 'weir-prod-[pq]*' --exclusively -c stage=prod $(ARGS); \
	else npm run --silent cdk -- destroy --all -c stage=$(STAGE) $(ARGS); fi

clean: ## removes all that the targets above made, and stops a PostgreSQL left behind
	@if [ -x node_modules/.bin/node ]; then npm run --silent clean; fi
	@rm -rf .weir coverage cdk.out node_modules

node_modules/.package-lock.json: package-lock.json
	@npm ci --no-progress --loglevel=error

.PHONY: menu install demo test test-aws bench screenshots synth diff deploy destroy clean
