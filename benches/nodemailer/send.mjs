// node send.mjs PORT MESSAGES CONNECTIONS: the merge that a team would write, through nodemailer's pool.
import { readFileSync } from "node:fs";
import nodemailer from "nodemailer";

const [port, messages, connections, text] = process.argv.slice(2);
const body = readFileSync(text, "utf8");
const transport = nodemailer.createTransport({
  host: "127.0.0.1",
  port: Number(port),
  pool: true,
  maxConnections: Number(connections),
  maxMessages: Infinity,
  secure: false,
  ignoreTLS: true,
});
const start = process.hrtime.bigint();
const sends = [];
for (let n = 0; n < Number(messages); n += 1) {
  sends.push(
    transport.sendMail({
      from: "Survey team <survey@unit.example>",
      to: `person${n}@mail${n % 97}.example`,
      subject: "Your experience with us",
      text: body.replace("{{ first_name }}", `First${n}`),
    }),
  );
}
await Promise.all(sends);
console.log(Number(process.hrtime.bigint() - start) / 1e9);
transport.close();
