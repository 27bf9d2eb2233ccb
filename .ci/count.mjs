// Prints "PASSED FAILED" of a jest --json report, and below it a line for each failure: file, test, first line of why.
// A test file that could not run is a failure.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
console.log(report.numPassedTests, report.numFailedTests + report.numRuntimeErrorTestSuites);
const line = (file, name, message) => {
  const said = stripVTControlCharacters(message).split('\n');
  const [why = ''] = said.filter((each) => each.trim() && !each.includes('●'));
  console.log(`${basename(file)}: ${name}: ${why.trim()}`.slice(0, 240));
};
for (const { name, message, assertionResults } of report.testResults) {
  const failed = assertionResults.filter(({ status }) => status === 'failed');
  for (const { fullName, failureMessages } of failed) line(name, fullName, failureMessages.join('\n'));
  if (failed.length === 0 && message) line(name, 'could not run', message);
}
