// Prints "PASSED FAILED" of a jest --json report; a test file that could not run is a failure.
import { readFileSync } from 'node:fs';

const report = JSON.parse(readFileSync(process.argv[2], 'utf8'));
console.log(report.numPassedTests, report.numFailedTests + report.numRuntimeErrorTestSuites);
