// An SMSC: npm `smpp`, an implementation that is not ours, with a test's hand beside it that speaks HTTP.
// Prints {"smpp": port, "control": port}.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import smpp from 'smpp';

const settings = JSON.parse(process.env.SMSC);
const mode = { status: 0, times: 0, hold: false, mute: false, silent: false };
const sessions = new Set();
const seen = { binds: [], messages: [], enquiries: 0, unbinds: 0, receipts: [], most: 0 };
let held = [];
let underWay = 0;
let count = 0;

const options = settings.cert ? { cert: readFileSync(settings.cert), key: readFileSync(settings.key) } : {};
const server = smpp.createServer(options, (session) => {
  sessions.add(session);
  session.on('close', () => sessions.delete(session));
  session.on('error', () => sessions.delete(session));
  session.on('bind_transceiver', (pdu) => {
    seen.binds.push({ system_id: pdu.system_id, system_type: pdu.system_type, version: pdu.interface_version });
    if (mode.mute) return;
    const ok = pdu.system_id === 'qingcheng' && pdu.password === settings.password;
    session.send(pdu.response(ok ? { system_id: 'smsc' } : { command_status: smpp.ESME_RINVPASWD }));
  });
  session.on('submit_sm', (pdu) => {
    underWay += 1;
    seen.most = Math.max(seen.most, underWay);
    const answer = () => {
      underWay -= 1;
      if (mode.silent) return;
      if (mode.times > 0) {
        mode.times -= 1;
        session.send(pdu.response({ command_status: mode.status }));
        return;
      }
      const id = `m-${count++}`;
      const { udh, message } = pdu.short_message;
      seen.messages.push({
        id, to: pdu.destination_addr, from: pdu.source_addr, coding: pdu.data_coding, wants: pdu.registered_delivery,
        ton: [pdu.source_addr_ton, pdu.dest_addr_ton], esm: pdu.esm_class,
        text: message, udh: udh ? [...udh].map((part) => [...part]) : [],
      });
      session.send(pdu.response({ message_id: id }));
    };
    if (mode.hold) held.push(answer);
    else answer();
  });
  session.on('enquire_link', (pdu) => {
    seen.enquiries += 1;
    if (!mode.mute) session.send(pdu.response());
  });
  session.on('unbind', (pdu) => {
    seen.unbinds += 1;
    session.send(pdu.response());
    session.close();
  });
});

const verbs = {
  mode: (what) => Object.assign(mode, what),
  seen: () => ({ ...seen, sessions: sessions.size, held: held.length }),
  release: () => {
    const waiting = held;
    held = [];
    waiting.forEach((answer) => answer());
    return {};
  },
  drop: () => {
    for (const session of sessions) session.destroy();
    return {};
  },
  // A receipt, or a message of somebody's; answers with the status that we gave.
  deliver: (what) => new Promise((done) => {
    const [session] = sessions;
    session.deliver_sm(what, (pdu) => done({ status: pdu.command_status }));
  }),
  // Our own enquiry: is the other side there?
  enquire: () => new Promise((done) => {
    const [session] = sessions;
    session.enquire_link((pdu) => done({ status: pdu.command_status }));
  }),
  // A command that no sender knows.
  query: () => new Promise((done) => {
    const [session] = sessions;
    session.query_sm({ message_id: 'x' });
    session.once('generic_nack', (pdu) => done({ status: pdu.command_status }));
  }),
  goodbye: () => new Promise((done) => {
    const [session] = sessions;
    session.unbind(() => done({}));
  }),
  raw: (what) => {
    for (const session of sessions) session.socket.write(Buffer.from(what.hex, 'hex'));
    return {};
  },
};

const control = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', async () => {
    const answer = await verbs[request.url.slice(1)](JSON.parse(Buffer.concat(chunks).toString() || '{}'));
    response.setHeader('connection', 'close');
    response.end(JSON.stringify(answer));
  });
});

server.listen(settings.port ?? 0, '127.0.0.1', () => {
  control.listen(0, '127.0.0.1', () => {
    console.log(JSON.stringify({ smpp: server.address().port, control: control.address().port }));
  });
});
