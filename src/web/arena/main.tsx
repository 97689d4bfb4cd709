import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '@fontsource-variable/ibm-plex-sans';
import '../../react/styles.css';
import '../styles/base.css';
import '../styles/bar.css';
import '../styles/panes.css';
import '../styles/entrance.css';
import '../styles/arena.css';
import '../styles/scorebug.css';
import '../styles/feed.css';
import { FaultScreen } from '../tools/fault-screen.tsx';
import { Arena } from './arena.tsx';

import { rememberIdentity } from './identity.ts';
import { applyTheme, rememberedTheme } from './theme.ts';

applyTheme(rememberedTheme());
createRoot(document.getElementById('page') as HTMLElement).render(
  <StrictMode>
    <FaultScreen onReset={() => rememberIdentity(undefined)}>
      <Arena />
    </FaultScreen>
  </StrictMode>,
);
