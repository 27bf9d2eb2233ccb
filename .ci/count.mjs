// Prints "PASSED FAILED" of a jest --json report, and below it a line for each failure: file, test, why, and what was there.
// A test file that could not run is a failure.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
console.log(report.numPassedTests, report.numFailedTests + report.numRuntimeErrorTestSuites);
const line = (file, name, message) => {
  const said = stripVTControlCharacters(message)
    .split('\n')
    .map((each) => each.trim());
  const [why = ''] = said.filter((each) => each && !each.includes('●'));
  const received = said.filter((each) => /^\+ |^Received/.test(each) && !each.startsWith('+ Received')).slice(0, 3);
  console.log([`${basename(file)}: ${name}: ${why}`, ...received].join(' | ').slice(0, 400));
};
for (const { name, message, assertionResults } of report.testResults) {
  const failed = assertionResults.filter(({ status }) => status === 'failed');
  for (const { fullName, failureMessages } of failed) line(name, fullName, failureMessages.join('\n'));
  if (failed.length === 0 && message) line(name, 'could not run', message);
}
