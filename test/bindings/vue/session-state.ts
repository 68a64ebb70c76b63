import { from, useObservable } from '@vueuse/rxjs';
import type { Session } from 'rx-nemesisdb';
import { debounceTime, switchMap } from 'rxjs';
import { defineComponent, h, type PropType, ref } from 'vue';

export const SessionState = defineComponent({
  props: { session: { type: Object as PropType<Session>, required: true } },
  setup({ session }) {
    const note = ref('');
    const state = useObservable(session.state$);
    // Saves what is typed, once typing pauses.
    useObservable(
      from(note).pipe(
        debounceTime(200),
        switchMap((text) => session.set({ note: text })),
      ),
    );
    return () => [
      h('p', state.value?.state),
      h('input', { onInput: (event: Event) => (note.value = (event.target as HTMLInputElement).value) }),
    ];
  },
});
