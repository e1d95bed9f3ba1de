import { element } from './dom';

/** Tabs after the ARIA pattern: one stop for the Tab key, arrows between them. */
export function tabList(
  tabs: readonly { readonly key: string; readonly name: string }[],
  selected: string,
  choose: (key: string) => void,
): HTMLElement {
  const list = element('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Sections of this dashboard' });
  for (const tab of tabs) {
    const current = tab.key === selected;
    const button = element(
      'button',
      {
        type: 'button',
        role: 'tab',
        id: `tab-${tab.key}`,
        'aria-selected': String(current),
        'aria-controls': `panel-${tab.key}`,
        tabindex: current ? 0 : -1,
      },
      tab.name,
    );
    button.addEventListener('click', () => {
      choose(tab.key);
    });
    list.append(button);
  }
  list.addEventListener('keydown', (event) => {
    const at = tabs.findIndex((tab) => tab.key === selected);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tabs.length - 1 }[event.key];
    const target = to === undefined ? undefined : tabs[(to + tabs.length) % tabs.length];
    if (target === undefined) return;
    event.preventDefault();
    choose(target.key);
    document.getElementById(`tab-${target.key}`)?.focus();
  });
  return list;
}
