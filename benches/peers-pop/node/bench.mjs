// npm `jose` and `dpop` on the tokens and proofs of ../benches, which have to run first: they write
// their inputs to the target directory.
//
//   node bench.mjs TARGET/peers-pop [--out TARGET/criterion] [--warm-up-time 0.5] [--measurement-time 2]
//
// Without `--out` each step runs once and nothing is written but what was refused.
//
// Steps run one after another and each is awaited, as in one request: WebCrypto of Node works in a
// pool of threads, and the way there and back is part of what a caller waits for.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import * as dpop from 'dpop';
import * as jose from 'jose';
import { Bench } from './measure.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string' },
    'warm-up-time': { type: 'string', default: '0.5' },
    'measurement-time': { type: 'string', default: '2' },
  },
});
const [inputs] = positionals;
assert(inputs, 'the directory that the Rust benches wrote their inputs to is missing');
const bench = new Bench({
  out: values.out,
  warmUp: Number(values['warm-up-time']),
  measure: Number(values['measurement-time']),
});
const read = (name) => JSON.parse(readFileSync(join(inputs, name)));

// Whether a promise is kept.
const takes = (promise) => promise.then(() => true, () => false);

const verdicts = {};
async function judge(kind, peer, verify, { spoilt, odd }) {
  for (const [name, text] of Object.entries(spoilt)) {
    assert(!(await takes(verify(text))), `${peer} takes: ${name}`);
  }
  for (const [name, text] of Object.entries(odd)) {
    const said = ((verdicts[kind] ??= {})[name] ??= {});
    said[peer] = await takes(verify(text));
  }
}

// Tokens: signature, `exp`, `nbf`, `aud`.
const tokens = read('tokens.inputs.json');
for (const [kind, alg] of [['es256', 'ES256'], ['hs256', 'HS256']]) {
  const { verifying, signing, texts, ...cases } = tokens[kind];
  const key = await jose.importJWK(verifying, alg);
  const verify = (text) =>
    jose.jwtVerify(text, key, { algorithms: [alg], audience: tokens.audience });
  for (const text of texts) await verify(text);
  await judge(alg, 'npm-jose', verify, cases);
  await bench.run(`peers/verify/${kind}`, 'npm-jose', null, (n) => verify(texts[n % texts.length]));

  const secret = await jose.importJWK(signing, alg);
  const claims = jose.decodeJwt(texts[0]);
  const issue = (n) =>
    new jose.SignJWT({ ...claims, jti: String(n).padStart(22, '0') })
      .setProtectedHeader({ alg, typ: 'JWT' })
      .sign(secret);
  const text = await issue(0);
  await verify(text);
  console.log(`issued by npm-jose: ${text.length} octets`);
  await bench.run(`peers/issue/${kind}`, 'npm-jose', null, issue);
}

// Proofs: what RFC 9449 section 4.3 asks for, with `jose` for the JWS as its documentation shows.
const proofs = read('proof.inputs.json');
const ath = await digest(proofs.token);

async function digest(text) {
  const octets = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return jose.base64url.encode(new Uint8Array(octets));
}

function withoutQuery(uri) {
  const url = new URL(uri);
  url.search = url.hash = '';
  return url.href;
}

// The proofs are of when the Rust benches began.
async function verifyProof(text, jkt, seen, now = proofs.now) {
  const { payload, protectedHeader } = await jose.jwtVerify(text, jose.EmbeddedJWK, {
    algorithms: ['ES256'],
    typ: 'dpop+jwt',
    maxTokenAge: 300,
    currentDate: new Date(now * 1_000),
    clockTolerance: 30,
    requiredClaims: ['jti', 'htm', 'htu', 'iat', 'ath'],
  });
  assert(payload.htm === proofs.method, 'htm');
  assert(withoutQuery(payload.htu) === proofs.uri, 'htu');
  assert(payload.ath === (await digest(proofs.token)), 'ath');
  assert((await jose.calculateJwkThumbprint(protectedHeader.jwk)) === jkt, 'jkt');
  const entry = `${jkt} ${payload.jti}`;
  assert(!seen.has(entry), 'replay');
  seen.add(entry);
}

assert.equal(ath, jose.decodeJwt(proofs.sets['1'][0].text).ath);
const jkt = proofs.sets['1'][0].jkt;
await judge('DPoP', 'npm-jose', (text) => verifyProof(text, jkt, new Set()), proofs);
for (const [count, set] of Object.entries(proofs.sets)) {
  const all = new Set();
  for (const proof of set) await verifyProof(proof.text, proof.jkt, all);
  await assert.rejects(verifyProof(set[0].text, set[0].jkt, all), /replay/);
  let seen = new Set();
  await bench.run('peers/dpop', 'npm-jose', count, (n) => {
    const at = n % set.length;
    if (at === 0) seen = new Set();
    return verifyProof(set[at].text, set[at].jkt, seen);
  });
}

const pair = await dpop.generateKeyPair('ES256');
const make = () => dpop.generateProof(pair, proofs.uri, proofs.method, undefined, proofs.token);
const made = await make();
const thumbprint = await dpop.calculateThumbprint(pair.publicKey);
await verifyProof(made, thumbprint, new Set(), Date.now() / 1_000);
console.log(`proof of npm-dpop: ${made.length} octets`);
await bench.run('peers/issue/proof', 'npm-dpop', null, make);

writeFileSync(join(inputs, 'node.verdicts.json'), JSON.stringify(verdicts, null, 1));
