// A real OpenID Connect provider (npm `oidc-provider`) for tests, on a free port of this machine.
//
// Its settings are JSON in the variable PROVIDER: `clients` (registration metadata) and `accounts` (id -> claims).
// It prints one line, `{"issuer": "..."}`, when it is ready, and ends when its parent does.
// Signing in is one form, without a page: POST /interaction/<uid>/login with `account` and, perhaps, `acr`.
// POST /test/rotate makes new signing keys, with `?keep` the old ones stay published.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

// The library's notices: nobody reads standard output after the first line.
console.info = console.error;

const { clients, accounts } = JSON.parse(process.env.PROVIDER);
const LEVELS = ['urn:example:loa:1', 'urn:example:loa:2', 'urn:example:loa:3'];

let generation = 0;

function newKeys() {
  generation += 1;
  const pair = (type, options) => generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' });
  return [
    { ...pair('rsa', { modulusLength: 2048 }), use: 'sig', alg: 'RS256', kid: `rsa-${generation}` },
    { ...pair('ec', { namedCurve: 'P-256' }), use: 'sig', alg: 'ES256', kid: `ec-${generation}` },
  ];
}

function configuration(keys) {
  return {
    clients,
    jwks: { keys },
    acrValues: LEVELS,
    clientAuthMethods: ['client_secret_basic', 'private_key_jwt'],
    claims: {
      acr: null,
      auth_time: null,
      iss: null,
      openid: ['sub'],
      sid: null,
      profile: ['name', 'user_type', 'id_card', 'uscc'],
      phone: ['phone_number', 'phone_number_verified'],
      email: ['email', 'email_verified'],
    },
    cookies: { keys: ['only for tests'] },
    features: {
      backchannelLogout: { enabled: true },
      devInteractions: { enabled: false },
      rpInitiatedLogout: { enabled: true, logoutSource: (ctx, form) => { ctx.body = form; } },
    },
    // It would not talk to this machine, where the test listens.
    fetch: (url, options) => {
      delete options.dispatcher;
      return globalThis.fetch(url, options);
    },
    findAccount: (ctx, id) => accounts[id] && {
      accountId: id,
      claims: () => ({ sub: id, ...accounts[id] }),
    },
    interactions: { url: (ctx, interaction) => `/interaction/${interaction.uid}` },
    // Nobody is asked for consent: the platform is the government's own.
    loadExistingGrant: async (ctx) => {
      const { client, session, provider } = ctx.oidc;
      const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
      grant.addOIDCScope('openid profile phone email');
      await grant.save();
      return grant;
    },
    pkce: { required: () => true },
  };
}

let keys = newKeys();
let provider;
let handle;

function start(issuer) {
  provider = new Provider(issuer, configuration(keys));
  for (const event of ['server_error', 'backchannel.error']) {
    provider.on(event, (ctx, error) => console.error(event, error));
  }
  handle = provider.callback();
}

async function form(request) {
  let text = '';
  for await (const part of request) text += part;
  return Object.fromEntries(new URLSearchParams(text));
}

async function login(request, response) {
  const { account, acr } = await form(request);
  const result = accounts[account]
    ? { login: { accountId: account, ...(acr && { acr }) } }
    : { error: 'access_denied', error_description: 'nobody of that name' };
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://127.0.0.1');
  try {
    if (url.pathname === '/test/rotate') {
      keys = url.searchParams.has('keep') ? [...newKeys(), ...keys] : newKeys();
      start(provider.issuer);
      response.end();
    } else if (/^\/interaction\/[^/]+\/login$/.test(url.pathname)) {
      await login(request, response);
    } else if (url.pathname.startsWith('/interaction/')) {
      response.end('sign in');
    } else {
      await handle(request, response);
    }
  } catch (error) {
    console.error(error);
    response.statusCode = 500;
    response.end();
  }
});

server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  start(issuer);
  console.log(JSON.stringify({ issuer }));
});

const parent = process.ppid;
setInterval(() => process.ppid === parent || process.exit(), 500);
