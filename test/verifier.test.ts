import '../verifier/countersign-verify.mjs';
