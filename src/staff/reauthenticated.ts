export const Reauthenticated = (): MethodDecorator => () => undefined;
