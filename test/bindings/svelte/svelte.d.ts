declare module '*.svelte' {
  import type { Session } from 'rx-nemesisdb';
  import type { Component } from 'svelte';

  const component: Component<{ session: Session }>;
  export default component;
}
