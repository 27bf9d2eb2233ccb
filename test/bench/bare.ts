import { fastify } from 'fastify';

// The least a server of this kind can do: one route with a fixed JSON body, on Fastify without anything else.
const [port, body] = process.argv.slice(2);
const app = fastify();
app.get('/', (_request, reply) => reply.type('application/json; charset=utf-8').send(body));
await app.listen({ port: Number(port), host: '127.0.0.1' });
